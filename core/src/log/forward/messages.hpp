// core/src/log/forward/messages.hpp - log records as the messages of syslog and of systemd's journal.
#pragma once

#include "log/forward/syslog_options.hpp"

#include <slipway/core/engine.hpp>

#include <map>
#include <string>

namespace slipway::core {

// What a message says besides the record.
struct SyslogSender {
    std::string host, tag;
    int64_t pid = 0;
};

// With a newline at its end, which is what separates messages in a stream. The time is the record's: local for the
// formats of RFC 3164, UTC else. Severity 3 (error) for stderr, 6 (information) for stdout.
std::string syslog_message(const SyslogTarget& target, const SyslogSender& sender, const LogLine& line);

// The native protocol of systemd-journald: `fields`, and MESSAGE, PRIORITY, SYSLOG_TIMESTAMP, and for a part of a
// longer line CONTAINER_PARTIAL_MESSAGE.
std::string journal_entry(const std::map<std::string, std::string>& fields, const LogLine& line);

// A name that the journal accepts, as Docker makes it: upper case, "_" for what is neither letter nor digit, none at
// the beginning. Empty when nothing is left.
std::string journal_field_name(const std::string& name);

}  // namespace slipway::core
