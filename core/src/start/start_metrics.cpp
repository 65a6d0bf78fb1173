#include "start/start_metrics.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

double seconds(int64_t nanos) {
    return static_cast<double>(nanos) / 1e9;
}

}  // namespace

void Histogram::add(double value) {
    const auto bucket = std::lower_bound(kBucketBounds.begin(), kBucketBounds.end(), value);
    ++counts[static_cast<size_t>(bucket - kBucketBounds.begin())];
    ++count;
    sum_seconds += value;
}

void StartMetrics::add(const StartReport& report, bool is_relaunch) {
    const std::lock_guard lock(mutex_);
    totals_.start.add(seconds(report.total_ns));
    for (const PhaseReport& phase : report.phases) {
        totals_.phases[phase.name].add(seconds(phase.duration_ns));
        if (phase.failed) ++totals_.starts_failed[phase.name];
    }
    if (report.succeeded) ++totals_.starts_succeeded;
    if (is_relaunch) ++totals_.relaunches;
}

void StartMetrics::add_slow_operation() {
    const std::lock_guard lock(mutex_);
    ++totals_.slow_operations;
}

EngineMetrics StartMetrics::snapshot() const {
    const std::lock_guard lock(mutex_);
    return totals_;
}

}  // namespace slipway::core
