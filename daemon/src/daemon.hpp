// daemon/src/daemon.hpp - the life of the daemon from its options to its exit code.
#pragma once

#include "logger.hpp"
#include "options.hpp"

namespace slipway::daemon {

// Serves until it is asked to stop. Containers live on when it returns: the next daemon on the same roots adopts them.
// Returns the exit code: 0 after an orderly stop, 1 when it could not start.
int run_daemon(const DaemonOptions& options, Logger& logger);

}  // namespace slipway::daemon
