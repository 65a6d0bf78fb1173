// What a container uses, and its processes. Neither takes the container's lock: both look, and answer also while an
// operation runs.

#include "engine/engine_impl.hpp"

namespace slipway::core {

namespace {

// How often a waiter asks whether its client is still there.
constexpr std::chrono::milliseconds kAskClient{250};

Error not_loaded(const ContainerRecord& record) {
    return Error(ErrorCode::kUnavailable, "backend '" + record.backend + "' is not loaded");
}

}  // namespace

Result<StatsSample> EngineImpl::sample_stats(const Container& container) const {
    const RecordPtr record = container.record();
    StatsSample sample;
    sample.id = record->id;
    sample.name = record->name;
    if (!record->is_running()) return sample;
    const auto handle = container.handle();
    if (handle == nullptr) return not_loaded(*record);
    auto usage = handle->stats(internal_call());
    if (usage) {
        sample.when = unix_now();
        sample.usage = std::move(*usage);
        return sample;
    }
    // Its process has ended, and the exit is being handled.
    if (usage.error().code() == ErrorCode::kConflict) return sample;
    return std::move(usage).error();
}

bool EngineImpl::wait_for_sample(const Container& container, const std::function<bool()>& cancelled) const {
    const auto next = std::chrono::steady_clock::now() + options_.stats_interval;
    while (true) {
        if (container.waiters.removed() || stopping_.load() || (cancelled && cancelled())) return false;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
        if (left.count() <= 0) return true;
        // Woken by a removal; an exit does not end the stream.
        container.waiters.wait_for_exit(container.waiters.ticket(), std::min(left, kAskClient));
    }
}

Status EngineImpl::read_stats(const std::string& ref, const StatsOptions& options, const StatsSink& sink,
                              const std::function<bool()>& cancelled) {
    if (options.stream && options.one_shot) {
        return Error(ErrorCode::kInvalidArgument, "cannot have stream=true and one-shot=true");
    }
    auto found = find(ref);
    if (!found) return std::move(found).error();
    const ContainerPtr container = *found;

    StatsSample before;
    auto sample = sample_stats(*container);
    const bool needs_another = !options.stream && !options.one_shot && sample && sample->when != 0;
    if (needs_another) {
        before = std::move(*sample);
        if (!wait_for_sample(*container, cancelled) && !container->waiters.removed()) {
            return Error(ErrorCode::kCancelled, "given up before the second sample");
        }
        sample = sample_stats(*container);
    }
    while (true) {
        if (!sample) return std::move(sample).error();
        // A figure of an earlier run is no base for one of this.
        if (sample->when == 0) before = {};
        const bool goes_on = sink(*sample, before);
        if (!goes_on || !options.stream || !wait_for_sample(*container, cancelled)) return ok();
        before = std::move(*sample);
        sample = sample_stats(*container);
    }
}

Result<nlohmann::json> EngineImpl::list_processes(const std::string& ref, const std::string& arguments) {
    auto found = find(ref);
    if (!found) return std::move(found).error();
    const ContainerPtr container = *found;
    const RecordPtr record = container->record();
    const auto not_running = [&] {
        return Error(ErrorCode::kConflict, "Container " + record->id + " is not running").with_resource(record->id);
    };
    if (record->state == RunState::kRestarting) {
        return Error(ErrorCode::kConflict,
                     "Container " + record->id + " is restarting, wait until the container is running")
            .with_resource(record->id);
    }
    if (!record->is_running()) return not_running();
    const auto handle = container->handle();
    if (handle == nullptr) return not_loaded(*record);
    auto processes = handle->top(internal_call(), arguments);
    if (processes || processes.error().code() != ErrorCode::kConflict) return processes;
    // Those that stand still in a machine of their own cannot be listed; the backend says so.
    if (container->record()->state == RunState::kPaused) return processes;
    return not_running();
}

}  // namespace slipway::core
