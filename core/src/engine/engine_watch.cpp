// The watchdog of operations, and what the engine counts.

#include "engine/engine_impl.hpp"

namespace slipway::core {

namespace {
constexpr std::chrono::milliseconds kLook{500};
}  // namespace

void EngineImpl::watch_operations() {
    for (const ContainerPtr& container : registry_.all()) {
        const auto holder = container->operation.holder();
        if (!holder || holder->since == container->reported_holder) continue;
        const std::chrono::nanoseconds held(monotonic_now() - holder->since);
        if (held < options_.lock_warning) continue;
        container->reported_holder = holder->since;
        metrics_.add_slow_operation();
        const char* phase = container->phase.name();
        log(LogLevel::kWarn, "container " + container->record()->name + ": '" + holder->what +
                                 "' has held its lock for " + std::to_string(held.count() / 1'000'000) + " ms" +
                                 (phase != nullptr ? std::string(", in phase ") + phase : "") + "; " +
                                 std::to_string(holder->waiting) + " waiting");
    }
    timers_.run_at(TimerQueue::Clock::now() + std::min(kLook, options_.lock_warning), [this] { watch_operations(); });
}

EngineMetrics EngineImpl::metrics() const {
    EngineMetrics metrics = metrics_.snapshot();
    for (const RecordPtr& record : all_records()) ++metrics.containers[std::string(to_string(record->state))];
    metrics.last_event = store_->last_sequence();
    return metrics;
}

}  // namespace slipway::core
