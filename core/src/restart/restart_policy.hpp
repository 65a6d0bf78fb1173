// core/src/restart/restart_policy.hpp - whether an ended container runs again, and after which delay (start-flow.md 9).
// Pure: no clock, no threads.
#pragma once

#include <slipway/core/engine.hpp>
#include <slipway/core/record.hpp>

#include <chrono>

namespace slipway::core {

// Asked when a run has ended, with `record` as it will be stored: exit code, times and flags of the run in it.
//   no               never
//   always           unless somebody ended it through the API
//   unless-stopped   the same, and not after any signal sent through the API
//   on-failure[:N]   exit code other than 0, and fewer than N restarts since the last start by hand; N = 0: no limit
bool restarts_after_exit(const ContainerRecord& record);

// Asked once for each container that does not run when the daemon begins. Never for one that was never started.
//   always           yes, also when it was stopped by hand: Docker's clients rely on that difference to unless-stopped
//   unless-stopped   unless it was stopped by hand
//   on-failure[:N]   as after an exit, and not when it was stopped by hand
bool starts_at_boot(const ContainerRecord& record);

// The delays of one container's restarts: first, twice the one before, ..., up to a cap. Begins anew with each start by
// hand and after a run that was long enough to count as healthy.
class RestartBackoff {
public:
    std::chrono::milliseconds next(const RestartTiming& timing, std::chrono::nanoseconds run);

private:
    std::chrono::milliseconds last_{0};  // 0: none yet
};

}  // namespace slipway::core
