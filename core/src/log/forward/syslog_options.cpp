#include "log/forward/syslog_options.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>
#include <utility>

namespace slipway::core {

namespace {

using Kind = ReceiverAddress::Kind;

constexpr std::string_view kFacilities[] = {
    "kern", "user", "mail", "daemon", "auth",   "syslog", "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
    "",     "",     "",     "",       "local0", "local1", "local2", "local3", "local4", "local5", "local6",   "local7"};
constexpr std::string_view kDefaultPort = "514";

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

Error no_tls(const std::string& option) {
    return Error(ErrorCode::kUnimplemented,
                 "syslog over TLS is not implemented yet (HostConfig.LogConfig.Config." + option + ")");
}

Result<int> facility_of(const std::string& text) {
    if (text.empty()) return 3;
    const auto named = std::find(std::begin(kFacilities), std::end(kFacilities), text);
    if (named != std::end(kFacilities)) return static_cast<int>(named - std::begin(kFacilities));
    int number = -1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = failed == std::errc() && end == text.data() + text.size();
    if (!whole || number < 0 || number > 23) return invalid("invalid syslog facility");
    return number;
}

Result<SyslogFormat> format_of(const std::string& text) {
    if (text.empty()) return SyslogFormat::kUnix;
    if (text == "rfc3164") return SyslogFormat::kRfc3164;
    if (text == "rfc5424") return SyslogFormat::kRfc5424;
    if (text == "rfc5424micro") return SyslogFormat::kRfc5424Micro;
    return invalid("Invalid syslog format");
}

// "host", "host:port", "[::1]:port"
Status split_host(std::string_view text, ReceiverAddress& address) {
    const Error bad = invalid("invalid syslog-address: '" + std::string(text) + "' names no host");
    text = text.substr(0, text.find_first_of("/?#"));
    size_t colon = text.rfind(':');
    if (text.starts_with('[')) {
        const size_t close = text.find(']');
        if (close == std::string_view::npos) return bad;
        address.host = text.substr(1, close - 1);
        colon = close + 1 < text.size() && text[close + 1] == ':' ? close + 1 : std::string_view::npos;
    } else {
        if (colon != text.find(':')) return invalid("address " + std::string(text) + ": too many colons in address");
        address.host = text.substr(0, colon);
    }
    address.port = colon == std::string_view::npos ? kDefaultPort : text.substr(colon + 1);
    if (address.port.empty()) address.port = kDefaultPort;
    return address.host.empty() ? Status(bad) : ok();
}

Result<ReceiverAddress> address_of(const std::string& text) {
    ReceiverAddress address;
    if (text.empty()) return address;
    const size_t separator = text.find("://");
    const std::string scheme = text.substr(0, separator == std::string::npos ? 0 : separator);
    const std::string_view rest = separator == std::string::npos ? "" : std::string_view(text).substr(separator + 3);
    if (scheme == "unix" || scheme == "unixgram") {
        address.kind = scheme == "unix" ? Kind::kUnixStream : Kind::kUnixDatagram;
        address.path = rest;
        if (!rest.starts_with('/')) return invalid("invalid syslog-address: '" + text + "' has no absolute path");
        return address;
    }
    if (scheme == "tcp+tls") return no_tls("syslog-address");
    if (scheme != "udp" && scheme != "tcp") return invalid("unsupported scheme: '" + scheme + "'");
    address.kind = scheme == "udp" ? Kind::kUdp : Kind::kTcp;
    if (Status split = split_host(rest, address); !split) return std::move(split).error();
    return address;
}

}  // namespace

Result<SyslogTarget> syslog_target(const nlohmann::json& options) {
    for (const auto& [key, value] : options.items()) {
        if (key.starts_with("syslog-tls-")) return no_tls(key);
    }
    auto address = address_of(options.value("syslog-address", ""));
    if (!address) return std::move(address).error();
    auto facility = facility_of(options.value("syslog-facility", ""));
    if (!facility) return std::move(facility).error();
    auto format = format_of(options.value("syslog-format", ""));
    if (!format) return std::move(format).error();
    return SyslogTarget{std::move(*address), *facility, *format};
}

}  // namespace slipway::core
