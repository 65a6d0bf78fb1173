// Health checks: probes are execs that nobody sees. The monitor says when; what it asks for runs on workers, since it
// waits for the container's lock and for the backend.

#include "engine/engine_events.hpp"
#include "engine/engine_impl.hpp"

namespace slipway::core {

namespace {
constexpr int32_t kSigKill = 9;
constexpr std::chrono::milliseconds kNoWait{0};
}  // namespace

ProbePort EngineImpl::probe_port() {
    ProbePort port;
    port.start = [this](const std::string& container, const std::string& probe, const HealthCheck& check) {
        workers_.run([this, container, probe, check] { start_probe(container, probe, check); });
    };
    port.kill = [this](const std::string& container, const std::string& probe) {
        workers_.run([this, container, probe] { kill_probe(container, probe); });
    };
    port.report = [this](const std::string& container, const HealthCheck& check, HealthResult result) {
        note_probe(container, check, std::move(result));
    };
    return port;
}

void EngineImpl::watch_health(const ContainerRecord& record) {
    const auto check = health_check_of(record.config);
    if (!check || !record.health) return;
    health_.watch(record.id, *check, record.health->status,
                  std::chrono::nanoseconds(std::max<int64_t>(0, unix_now() - record.started_at)));
}

void EngineImpl::resume_health(const ContainerPtr& container) {
    ContainerRecord record = *container->record();
    if (record.state != RunState::kRunning) return;
    if (!record.health) {
        record.health = initial_health(record.config);
        if (!record.health) return;
        container->publish(record);
    }
    watch_health(record);
}

void EngineImpl::start_probe(const std::string& id, const std::string& probe, const HealthCheck& check) {
    const auto fail = [&](const std::string& why) { health_.finished(probe, -1, 0, why); };
    const ContainerPtr container = registry_.find(id);
    if (container == nullptr) return fail("No such container: " + id);
    auto hold = lock(container, id, "probe");
    if (!hold) return fail(hold.error().message());
    const RecordPtr record = container->record();
    const auto handle = container->handle();
    // Asked again under the lock: it may have been paused, or have ended, since the probe was due.
    if (record->state != RunState::kRunning || handle == nullptr || !health_.is_ours(probe)) {
        return fail("container " + id + " is not running");
    }
    ExecConfig config;
    config.command = check.command;
    ExecParams params;
    params.id = probe;
    params.process = exec_process(*record, config);
    params.ends_with_host = true;
    params.capture_bytes = kHealthOutputBytes + 1;  // one more shows that there was more
    auto started = handle->exec_start(internal_call(), params);
    if (!started) return fail(started.error().message());
}

void EngineImpl::kill_probe(const std::string& id, const std::string& probe) {
    const ContainerPtr container = registry_.find(id);
    const auto handle = container == nullptr ? nullptr : container->handle();
    Status killed = Error(ErrorCode::kNotFound, "the container is gone");
    if (handle != nullptr) killed = handle->exec_signal(probe, kSigKill);
    if (killed || killed.error().code() != ErrorCode::kNotFound) return;
    // One that is being started holds the container's lock, and is killed the next time. Otherwise it has ended.
    if (container != nullptr && !container->operation.acquire_for(kNoWait, "probe")) return;
    health_.finished(probe, -1, 0, "");
}

void EngineImpl::finish_probe(BackendContainer& handle, const BackendEvent& event) {
    auto output = handle.exec_output(event.text);
    health_.finished(event.text, event.exit_code, event.when, output ? std::move(*output) : std::string());
    if (Status released = handle.exec_release(internal_call(), event.text); !released) {
        log(LogLevel::kWarn, "probe " + event.text + ": " + released.error().message() + ", ignoring");
    }
}

void EngineImpl::note_probe(const std::string& id, const HealthCheck& check, HealthResult result) {
    const ContainerPtr container = registry_.find(id);
    if (container == nullptr) return;
    workers_.run([this, container, check, result = std::move(result)]() mutable {
        Hold hold = container->operation.acquire("health");
        ContainerRecord record = *container->record();
        if (container->waiters.removed() || !record.is_running() || !record.health) return;
        // Of an earlier run.
        if (result.start < record.started_at) return;
        const HealthStatus before = record.health->status;
        record.health = next_health(std::move(*record.health), std::move(result), check, record.started_at);
        const HealthStatus now = record.health->status;
        health_.note_status(container->id, now);
        if (now == before) {
            container->publish(std::move(record));  // stored with the next change
            return;
        }
        std::vector<Event> events = {container_event(record, "health_status: " + std::string(to_string(now)))};
        const std::string action = record.on_unhealthy;
        const uint64_t stops = container->stop_requests;
        publish_and_store(*container, std::move(record), std::move(events));
        hold.release();
        if (now == HealthStatus::kUnhealthy) act_on_unhealthy(container, action, stops);
    });
}

void EngineImpl::act_on_unhealthy(const ContainerPtr& container, const std::string& action, uint64_t stops) {
    const auto wanted = parse_on_unhealthy(action);
    if (!wanted || *wanted == OnUnhealthy::kNone || stopping_) return;
    log(LogLevel::kInfo, "container " + container->id + " is unhealthy: " + action);
    Status done = ok();
    switch (*wanted) {
        case OnUnhealthy::kRestart:
            done = restart_unhealthy(container, stops);
            break;
        case OnUnhealthy::kStop:
            done = stop(container, std::nullopt, std::nullopt);
            break;
        case OnUnhealthy::kKill:
            done = kill_container(container->id, "KILL");
            break;
        case OnUnhealthy::kNone:
            break;
    }
    if (done || done.error().code() == ErrorCode::kNotModified) return;
    log(LogLevel::kError,
        "container " + container->id + ": " + action + " because it is unhealthy: " + done.error().message());
}

}  // namespace slipway::core
