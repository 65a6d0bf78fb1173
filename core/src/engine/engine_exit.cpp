// What follows when a container's first process ends. Events arrive on the engine's own thread; what they cause runs on
// workers, since it waits for the container's lock and for the backend.
//
// Order: note the exit in the store, release in the backend, publish, store with `disconnect` and `die` in one
// transaction, then the waiters. So whoever hears of `die`, and whoever waited, finds the container exited and its
// resources free.

#include "engine/engine_events.hpp"
#include "engine/engine_impl.hpp"
#include "start/release.hpp"

#include <slipway/core/exit_code.hpp>

namespace slipway::core {

namespace {
// Recorded when nobody knows how a container ended.
constexpr int32_t kUnknownExitCode = 255;
}  // namespace

void EngineImpl::run_events() {
    while (auto event = queue_->pop()) {
        try {
            handle_event(*event);
        } catch (const std::exception& e) {
            log(LogLevel::kError, "container " + event->container_id + ": an event could not be handled: " + e.what());
        }
    }
}

void EngineImpl::handle_event(const BackendEvent& event) {
    ContainerPtr container = registry_.find(event.container_id);
    if (container == nullptr) return;
    switch (event.kind) {
        case BackendEvent::Kind::kLost:
            log(LogLevel::kError, "container " + event.container_id + " was lost: " + event.text);
            [[fallthrough]];
        case BackendEvent::Kind::kExit:
            workers_.run([this, container, event] { handle_exit(container, event); });
            break;
        case BackendEvent::Kind::kOom:
            workers_.run([this, container] { handle_oom(container); });
            break;
        case BackendEvent::Kind::kExecExit:
            workers_.run([this, container, event] { handle_exec_exit(container, event); });
            break;
    }
}

void EngineImpl::handle_exit(const ContainerPtr& container, const BackendEvent& event) {
    Hold hold = container->operation.acquire("exit");
    // A start that was undone reports the end of its process too; by then the container may not run, or run anew.
    if (container->waiters.removed() || !container->record()->is_running()) return;
    const auto handle = container->handle();
    if (handle == nullptr) return;
    if (event.kind == BackendEvent::Kind::kExit) {
        const auto status = handle->status();
        if (status && status->state == ProcessState::kRunning) return;
    }
    ExitFacts facts;
    facts.exit_code = event.kind == BackendEvent::Kind::kLost ? kUnknownExitCode : event.exit_code;
    facts.oom_killed = event.oom_killed;
    facts.when = event.when;
    finish_run(container, facts, std::move(hold));
}

void EngineImpl::handle_oom(const ContainerPtr& container) {
    const Hold hold = container->operation.acquire("oom");
    if (container->waiters.removed() || !container->record()->is_running()) return;
    ContainerRecord record = *container->record();
    record.oom_killed = true;
    std::vector<Event> events = {container_event(record, "oom")};
    publish_and_store(*container, std::move(record), std::move(events));
}

// The backend forgets the exit as it gives the run back. Should the daemon die in between, the store must know it.
void EngineImpl::note_exit(const Container& container, const ExitFacts& facts) {
    ContainerRecord record = *container.record();
    record.exit_code = facts.exit_code;
    record.oom_killed = record.oom_killed || facts.oom_killed;
    record.finished_at = facts.when;
    record.exit_noted = true;
    Batch batch;
    batch.put(record);
    auto committed = store_->commit(std::move(batch), Durability::kNormal);
    if (!committed) {
        log(LogLevel::kError, "exit of container " + container.id + ": " + committed.error().message() + ", ignoring");
    }
}

void EngineImpl::finish_run(const ContainerPtr& container, const ExitFacts& facts, Hold hold) {
    note_exit(*container, facts);
    if (const auto handle = container->handle()) {
        const PhaseScope phase(container->phase, "release", internal_call().deadline);
        // Logged where it happens, and tried again by whatever operation comes next.
        const Status released = release_run(*container, *handle, internal_call(), options_);
        (void)released;
    }
    ContainerRecord record = *container->record();
    record.state = RunState::kExited;
    record.pid = 0;
    record.exit_code = facts.exit_code;
    record.oom_killed = record.oom_killed || facts.oom_killed;
    record.finished_at = facts.when != 0 ? facts.when : unix_now();
    record.exit_noted = false;
    record.sandbox_key.clear();
    health_.forget(container->id);
    if (record.health) record.health->status = HealthStatus::kUnhealthy;  // as Docker, and without an event
    const int64_t ran = std::max<int64_t>(0, record.finished_at - record.started_at);
    ++container->runs_ended;
    std::optional<std::chrono::milliseconds> delay;
    if (restarts_ && restarts_after_exit(record)) {
        delay = container->backoff.next(options_.restart, std::chrono::nanoseconds(ran));
        record.state = RunState::kRestarting;
        ++record.restart_count;
        record.restart_at = unix_now() + std::chrono::nanoseconds(*delay).count();
    }

    std::vector<Event> events;
    for (EndpointRecord& endpoint : record.endpoints) {
        if (endpoint.endpoint_id.empty()) continue;
        const auto network = networks_->find(endpoint.network_id);
        events.push_back(network_event(endpoint, network ? network->driver : "", "disconnect", record.id));
        endpoint.endpoint_id.clear();
        endpoint.result = nullptr;
    }
    for (Event& event : unmount_events(record)) events.push_back(std::move(event));
    events.push_back(container_event(record, "die",
                                     {{"exitCode", std::to_string(shown_exit_code(record.exit_code))},
                                      {"execDuration", std::to_string(ran / 1'000'000'000)}}));
    const bool removes_itself = record.host_config.value("AutoRemove", false) && container->restarts_under_way == 0;
    const WaitResult result{record.exit_code, ""};
    execs_.remove_of(container->id);
    publish_and_store(*container, std::move(record), std::move(events));
    container->waiters.note_exit(result);
    if (delay) schedule_relaunch(container, *delay);

    if (!removes_itself) return;
    if (Status removed = remove_stopped(container, hold, true); !removed) {
        log(LogLevel::kError, "auto-remove of container " + container->id + ": " + removed.error().message());
    }
}

}  // namespace slipway::core
