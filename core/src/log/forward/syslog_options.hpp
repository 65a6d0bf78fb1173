// core/src/log/forward/syslog_options.hpp - the options of the log driver "syslog".
#pragma once

#include "log/forward/receiver.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace slipway::core {

inline constexpr std::string_view kSyslogOptions[] = {"syslog-address",        "syslog-facility", "syslog-format",
                                                      "syslog-tls-ca-cert",    "syslog-tls-cert", "syslog-tls-key",
                                                      "syslog-tls-skip-verify"};

enum class SyslogFormat {
    kUnix,          // as to a local daemon: no host name; Docker's default
    kRfc3164,       // the same with it
    kRfc5424,       // seconds
    kRfc5424Micro,  // microseconds
};

struct SyslogTarget {
    ReceiverAddress address;
    int facility = 3;  // daemon
    SyslogFormat format = SyslogFormat::kUnix;
};

// kInvalidArgument with Docker's text; kUnimplemented for tcp+tls and its options.
Result<SyslogTarget> syslog_target(const nlohmann::json& options);

}  // namespace slipway::core
