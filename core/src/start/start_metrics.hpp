// core/src/start/start_metrics.hpp - counts starts and how long their phases took.
#pragma once

#include <slipway/core/metrics.hpp>
#include <slipway/core/record.hpp>

#include <mutex>

namespace slipway::core {

// Thread-safe. A leaf: nothing is called with its lock held.
class StartMetrics {
public:
    void add(const StartReport& report, bool is_relaunch);
    void add_slow_operation();
    // Everything but what is counted elsewhere: containers and last_event are left empty.
    EngineMetrics snapshot() const;

private:
    mutable std::mutex mutex_;
    EngineMetrics totals_;  // guarded by mutex_
};

}  // namespace slipway::core
