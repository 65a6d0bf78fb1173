#include "log/forward/messages.hpp"

#include <Poco/DateTimeFormatter.h>
#include <Poco/LocalDateTime.h>
#include <Poco/Timestamp.h>

#include <algorithm>
#include <string_view>

namespace slipway::core {

namespace {

constexpr int kError = 3, kInformation = 6;

int severity(const LogLine& line) {
    return line.stream == "stderr" ? kError : kInformation;
}

std::string_view without_newline(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    return text;
}

// "Jan  2 15:04:05"
std::string local_stamp(UnixNanos when) {
    return Poco::DateTimeFormatter::format(Poco::LocalDateTime(Poco::DateTime(Poco::Timestamp(when / 1000))),
                                           "%b %f %H:%M:%S");
}

// The header's fields are separated by spaces.
std::string one_word(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; }, '_');
    return text.empty() ? "-" : text;
}

void add_field(std::string& entry, std::string_view name, std::string_view value) {
    entry += name;
    if (value.find('\n') == std::string_view::npos) {
        entry += '=';
    } else {
        entry += '\n';
        for (uint64_t size = value.size(), i = 0; i < 8; ++i, size >>= 8) entry += static_cast<char>(size & 0xff);
    }
    entry += value;
    entry += '\n';
}

}  // namespace

std::string syslog_message(const SyslogTarget& target, const SyslogSender& sender, const LogLine& line) {
    const std::string process = std::to_string(sender.pid);
    std::string text = "<" + std::to_string(target.facility * 8 + severity(line)) + ">";
    if (target.format == SyslogFormat::kUnix || target.format == SyslogFormat::kRfc3164) {
        text += local_stamp(line.when) + " ";
        if (target.format == SyslogFormat::kRfc3164) text += one_word(sender.host) + " ";
        text += sender.tag + "[" + process + "]: ";
    } else {
        const size_t digits = target.format == SyslogFormat::kRfc5424 ? 19 : 26;  // "2006-01-02T15:04:05.000000"
        const std::string tag = one_word(sender.tag);
        text += "1 " + to_rfc3339(line.when).substr(0, digits) + "Z " + one_word(sender.host) + " " + tag + " " +
                process + " " + tag + " - ";
    }
    text += without_newline(line.text);
    return text + "\n";
}

std::string journal_entry(const std::map<std::string, std::string>& fields, const LogLine& line) {
    std::string entry;
    for (const auto& [name, value] : fields) add_field(entry, name, value);
    add_field(entry, "PRIORITY", std::to_string(severity(line)));
    add_field(entry, "SYSLOG_TIMESTAMP", to_rfc3339(line.when));
    if (!line.text.ends_with('\n')) add_field(entry, "CONTAINER_PARTIAL_MESSAGE", "true");
    add_field(entry, "MESSAGE", without_newline(line.text));
    return entry;
}

std::string journal_field_name(const std::string& name) {
    std::string field;
    for (char c : name) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        const bool allowed = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!allowed && field.empty()) continue;
        field += allowed ? c : '_';
    }
    return field;
}

}  // namespace slipway::core
