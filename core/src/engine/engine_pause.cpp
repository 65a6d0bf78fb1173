// Pausing: all processes of a container stand still until it is resumed. The order of backend and record makes the
// record the truth: what a daemon that died in between left is brought in line when the container is adopted.

#include "engine/engine_events.hpp"
#include "engine/engine_impl.hpp"
#include "model/signals.hpp"

namespace slipway::core {

namespace {

constexpr int32_t kSigKill = 9;

Status check_running(const ContainerRecord& record) {
    if (record.state == RunState::kRestarting) {
        return Error(ErrorCode::kConflict,
                     "Container " + record.id + " is restarting, wait until the container is running")
            .with_resource(record.id);
    }
    if (record.is_running()) return ok();
    return Error(ErrorCode::kConflict, "Container " + record.id + " is not running").with_resource(record.id);
}

Status check_pausable(const ContainerRecord& record) {
    if (record.state == RunState::kPaused) {
        return Error(ErrorCode::kConflict, "Container " + record.id + " is already paused").with_resource(record.id);
    }
    return check_running(record);
}

Status check_paused(const ContainerRecord& record) {
    if (Status running = check_running(record); !running) return running;
    if (record.state == RunState::kPaused) return ok();
    return Error(ErrorCode::kConflict, "Container " + record.id + " is not paused").with_resource(record.id);
}

}  // namespace

Status EngineImpl::pause_container(const std::string& ref) {
    return change_pause(ref, "pause");
}

Status EngineImpl::unpause_container(const std::string& ref) {
    return change_pause(ref, "unpause");
}

Status EngineImpl::change_pause(const std::string& ref, const char* action) {
    const bool pauses = std::string_view(action) == "pause";
    const auto check = [pauses](const ContainerRecord& record) {
        return pauses ? check_pausable(record) : check_paused(record);
    };
    auto found = find(ref);
    if (!found) return std::move(found).error();
    const ContainerPtr container = *found;
    // Asked before the lock as well, so that the answer does not wait for a long operation.
    if (Status possible = check(*container->record()); !possible) return possible;
    auto hold = lock(container, ref, action);
    if (!hold) return std::move(hold).error();
    ContainerRecord record = *container->record();
    if (Status possible = check(record); !possible) return possible;
    const auto handle = container->handle();
    if (handle == nullptr) return Error(ErrorCode::kUnavailable, "backend '" + record.backend + "' is not loaded");

    const CallContext call = internal_call();
    const PhaseScope phase(container->phase, action, call.deadline);
    if (Status done = pauses ? handle->pause(call) : handle->resume(call); !done) {
        // Its process has ended, and the exit waits for our lock.
        if (done.error().code() == ErrorCode::kConflict) {
            return Error(ErrorCode::kConflict, "Container " + record.id + " is not running").with_resource(record.id);
        }
        return std::move(done).error().context(std::string("Cannot ") + action + " container " + record.id);
    }
    record.state = pauses ? RunState::kPaused : RunState::kRunning;
    std::vector<Event> events = {container_event(record, action)};
    if (pauses) {
        health_.forget(container->id);
    } else {
        watch_health(record);
    }
    publish_and_store(*container, std::move(record), std::move(events));
    return ok();
}

void EngineImpl::resume_for_signal(BackendContainer& handle, ContainerRecord& record, int32_t signum,
                                   std::vector<Event>& events) {
    if (record.state != RunState::kPaused) return;
    // As Docker: a signal that is meant to end it lets it go, any other waits until it is resumed.
    const std::string configured = record.config.value("StopSignal", "");
    if (signum != kSigKill && !configured.empty()) {
        const auto stop_signal = parse_signal(configured);
        if (!stop_signal || *stop_signal != signum) return;
    }
    if (Status resumed = handle.resume(internal_call()); !resumed) {
        // After SIGKILL it may be gone already.
        if (resumed.error().code() != ErrorCode::kConflict) {
            log(LogLevel::kWarn, "Cannot unpause container " + record.id + ": " + resumed.error().message());
            return;
        }
    }
    record.state = RunState::kRunning;
    watch_health(record);
    events.push_back(container_event(record, "unpause"));
}

void EngineImpl::repeat_pause(const ContainerPtr& container) {
    const RecordPtr record = container->record();
    const auto handle = container->handle();
    if (handle == nullptr || !container->backend->info().pauses) return;
    const bool paused = record->state == RunState::kPaused;
    const Status done = paused ? handle->pause(internal_call()) : handle->resume(internal_call());
    if (!done) log(LogLevel::kError, "container " + record->id + ": " + done.error().message() + ", ignoring");
}

}  // namespace slipway::core
