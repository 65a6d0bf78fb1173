// daemon/src/daemon.hpp - the life of the daemon from its options to its exit code.
#pragma once

#include "logger.hpp"
#include "options.hpp"

#include <filesystem>

namespace slipway::daemon {

// Serves until SIGTERM or SIGINT. Containers live on when it returns: the next daemon on the same roots adopts them.
// Returns the exit code: 0 after an orderly stop, 1 when it could not start.
int run_daemon(const DaemonOptions& options, Logger& logger);

// The running program's own file, absolute.
std::filesystem::path own_program();

}  // namespace slipway::daemon
