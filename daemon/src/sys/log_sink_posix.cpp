#include "sys/log_sink.hpp"

#include <unistd.h>

namespace slipway::daemon {

void write_log_line(core::LogLevel, const std::string& line) {
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

}  // namespace slipway::daemon
