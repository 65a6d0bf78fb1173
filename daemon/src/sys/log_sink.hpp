// daemon/src/sys/log_sink.hpp - where lines of the log go.
#pragma once

#include <slipway/core/engine.hpp>

#include <string>

namespace slipway::daemon {

// Writes one line, complete with its end, to stderr, or to the event log of Windows when the daemon runs as a service
// there. In one piece, which keeps lines of several threads apart. There is nowhere to report a failure to.
void write_log_line(core::LogLevel level, const std::string& line);

}  // namespace slipway::daemon
