// daemon/src/logger.hpp - the daemon's log: one readable line an event on stderr.
#pragma once

#include <slipway/core/engine.hpp>

#include <atomic>
#include <string>
#include <string_view>

namespace slipway::daemon {

// "2026-11-24T05:33:05.123Z INFO  message". Control characters of the message are escaped, so that text from a
// container or client cannot forge lines or drive a terminal. Any thread.
class Logger {
public:
    void set_level(core::LogLevel level) { level_.store(level, std::memory_order_relaxed); }
    core::LogLevel level() const { return level_.load(std::memory_order_relaxed); }

    void write(core::LogLevel level, std::string_view line) const;
    void info(std::string_view line) const { write(core::LogLevel::kInfo, line); }
    void warn(std::string_view line) const { write(core::LogLevel::kWarn, line); }
    void error(std::string_view line) const { write(core::LogLevel::kError, line); }

    // For the engine and the plugin host; the logger must outlive it.
    core::LogFunction function() const;

private:
    std::atomic<core::LogLevel> level_{core::LogLevel::kInfo};
};

std::string format_line(core::UnixNanos when, core::LogLevel level, std::string_view line);

}  // namespace slipway::daemon
