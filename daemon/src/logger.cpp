#include "logger.hpp"

#include "sys/log_sink.hpp"

#include <array>
#include <cstdio>

namespace slipway::daemon {
namespace {

std::string_view label(core::LogLevel level) {
    switch (level) {
        case core::LogLevel::kDebug:
            return "DEBUG ";
        case core::LogLevel::kInfo:
            return "INFO  ";
        case core::LogLevel::kWarn:
            return "WARN  ";
        case core::LogLevel::kError:
            return "ERROR ";
    }
    return "";
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (u < 0x20 || u == 0x7f) {
            std::array<char, 8> hex;
            std::snprintf(hex.data(), hex.size(), "\\x%02x", u);
            out += hex.data();
        } else {
            out += c;
        }
    }
}

}  // namespace

std::string format_line(core::UnixNanos when, core::LogLevel level, std::string_view line) {
    // Milliseconds are enough to read: "2026-11-24T05:33:05.123" + "Z".
    std::string out = core::to_rfc3339(when).substr(0, 23) + "Z ";
    out += label(level);
    append_escaped(out, line);
    out += '\n';
    return out;
}

void Logger::write(core::LogLevel level, std::string_view line) const {
    if (level < this->level()) return;
    write_log_line(level, format_line(core::unix_now(), level, line));
}

core::LogFunction Logger::function() const {
    return [this](core::LogLevel level, std::string_view line) { write(level, line); };
}

}  // namespace slipway::daemon
