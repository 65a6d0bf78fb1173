// Signals: stop, kill and restart.

#include "engine/engine_events.hpp"
#include "engine/engine_impl.hpp"
#include "model/signals.hpp"

namespace slipway::core {

namespace {

constexpr int32_t kSigKill = 9;
constexpr int32_t kSigTerm = 15;
// How long an exit may take to be handled after SIGKILL: the end of the process, its last output, the cleanup.
constexpr std::chrono::seconds kAfterKill{10};

int32_t stop_signal(const ContainerRecord& record) {
    const std::string configured = record.config.value("StopSignal", "");
    if (configured.empty()) return kSigTerm;
    const auto parsed = parse_signal(configured);
    return parsed ? *parsed : kSigTerm;
}

std::chrono::seconds stop_timeout(const ContainerRecord& record, const EngineOptions& options) {
    const auto own = record.config.find("StopTimeout");
    if (own != record.config.end() && own->is_number_integer()) return std::chrono::seconds(own->get<int64_t>());
    return options.default_stop_timeout;
}

// Far enough away to be no limit, near enough not to overflow a clock.
std::chrono::milliseconds bounded(std::chrono::seconds timeout) {
    constexpr std::chrono::seconds kYear{365 * 24 * 3600};
    if (timeout.count() < 0) return std::chrono::milliseconds(-1);
    return std::min(timeout, kYear);
}

Error not_running(const ContainerRecord& record) {
    return Error(ErrorCode::kConflict, "Container " + record.id + " is not running").with_resource(record.id);
}

}  // namespace

Status EngineImpl::send_signal(const ContainerPtr& container, int32_t signum, bool ends_it) {
    auto hold = lock(container, container->id, "signal");
    if (!hold) return std::move(hold).error();
    ContainerRecord record = *container->record();
    if (!record.is_running()) return not_running(record);
    if (record.state == RunState::kRestarting) {
        // There is no process to tell; between two runs a signal says only whether there is a next one.
        if (ends_it) cancel_relaunch(*container);
        return ok();
    }
    const auto handle = container->handle();
    if (handle == nullptr) return Error(ErrorCode::kUnavailable, "backend '" + record.backend + "' is not loaded");
    if (Status sent = handle->signal(signum); !sent) return sent;
    // The exit that follows waits for `hold`: `kill` comes before `die`.
    record.manually_stopped = true;
    if (ends_it) record.desired = DesiredState::kStopped;
    std::vector<Event> events = {container_event(record, "kill", {{"signal", std::to_string(signum)}})};
    resume_for_signal(*handle, record, signum, events);
    publish_and_store(*container, std::move(record), std::move(events));
    return ok();
}

Status EngineImpl::kill_and_wait(const ContainerPtr& container) {
    const auto ticket = container->waiters.ticket();
    Status sent = send_signal(container, kSigKill, true);
    if (!sent) {
        if (sent.error().code() == ErrorCode::kConflict) return ok();  // ended by itself meanwhile
        if (sent.error().code() != ErrorCode::kNotFound) return sent;
    }
    if (container->waiters.wait_for_exit(ticket, kAfterKill)) return ok();
    if (!container->record()->is_running()) return ok();
    return Error(ErrorCode::kDeadlineExceeded, "container " + container->id + " did not end within 10 s after SIGKILL")
        .with_operation("kill");
}

Status EngineImpl::stop(const ContainerPtr& container, std::optional<std::string> signal,
                        std::optional<std::chrono::seconds> timeout) {
    const RecordPtr record = container->record();
    if (!record->is_running()) return Error(ErrorCode::kNotModified, "container " + record->id + " is not running");
    int32_t signum = stop_signal(*record);
    if (signal && !signal->empty()) {
        auto parsed = parse_signal(*signal);
        if (!parsed) return std::move(parsed).error();
        signum = *parsed;
    }
    const auto ticket = container->waiters.ticket();
    const auto patience = bounded(timeout.value_or(stop_timeout(*record, options_)));

    Status sent = send_signal(container, signum, true);
    if (!sent && sent.error().code() == ErrorCode::kConflict) {
        // It ended between the look at its state and the signal: stopped, though not by this call.
        return Error(ErrorCode::kNotModified, sent.error().message());
    }
    const bool is_gone = !sent && sent.error().code() == ErrorCode::kNotFound;
    if (!sent && !is_gone) {
        log(LogLevel::kWarn, "stop " + record->name + ": " + sent.error().message() + "; SIGKILL follows");
    }
    const bool gets_patience = sent || is_gone;
    if (!container->waiters.wait_for_exit(ticket, gets_patience ? patience : std::chrono::milliseconds(0))) {
        if (stopping_) return Error(ErrorCode::kCancelled, "the engine shuts down");
        if (Status killed = kill_and_wait(container); !killed) {
            return std::move(killed).error().context("cannot stop container: " + record->id);
        }
    }
    // After `die`: the exit is announced before waiters hear of it.
    auto told = bus_->append(container_event(*container->record(), "stop"));
    if (!told) log(LogLevel::kError, "event stop: " + told.error().message() + ", ignoring");
    return ok();
}

Status EngineImpl::stop_container(const std::string& ref, std::optional<std::string> signal,
                                  std::optional<std::chrono::seconds> timeout) {
    auto container = find(ref);
    if (!container) return std::move(container).error();
    ++(*container)->stop_requests;
    return stop(*container, std::move(signal), timeout);
}

Status EngineImpl::restart_container(const std::string& ref, std::optional<std::string> signal,
                                     std::optional<std::chrono::seconds> timeout) {
    auto container = find(ref);
    if (!container) return std::move(container).error();
    ++(*container)->restarts_under_way;
    Status restarted = stop_and_start(*container, ref, std::move(signal), timeout);
    --(*container)->restarts_under_way;
    remove_if_it_would_have_gone(*container);
    return restarted;
}

// The engine's own wish: it does not start again what a client has asked to end since `stops` was read.
Status EngineImpl::restart_unhealthy(const ContainerPtr& container, uint64_t stops) {
    ++container->restarts_under_way;
    Status restarted = stop(container, std::nullopt, std::nullopt);
    if (restarted) {
        if (auto started = start(container, std::nullopt, nullptr, stops); !started) {
            restarted = std::move(started).error();
        }
    }
    --container->restarts_under_way;
    remove_if_it_would_have_gone(container);
    if (!restarted) return restarted;
    auto told = bus_->append(container_event(*container->record(), "restart"));
    if (!told) log(LogLevel::kError, "event restart: " + told.error().message() + ", ignoring");
    return ok();
}

// What ended while a restart was under way, and does not run again, goes now.
void EngineImpl::remove_if_it_would_have_gone(const ContainerPtr& container) {
    if (!container->record()->host_config.value("AutoRemove", false) || container->record()->is_running()) return;
    auto hold = lock(container, container->id, "remove");
    if (!hold || container->restarts_under_way > 0 || container->record()->state != RunState::kExited) return;
    if (Status removed = remove_stopped(container, *hold, true); !removed) {
        log(LogLevel::kError, "auto-remove of container " + container->id + ": " + removed.error().message());
    }
}

Status EngineImpl::stop_and_start(const ContainerPtr& container, const std::string& ref,
                                  std::optional<std::string> signal, std::optional<std::chrono::seconds> timeout) {
    const auto wrapped = [&](Error error) {
        const bool is_about_container = error.code() == ErrorCode::kNotFound;
        return std::move(error)
            .context("Cannot restart container " + ref)
            .with_code(is_about_container ? ErrorCode::kNotFound : ErrorCode::kSystem);
    };
    Status stopped = stop(container, std::move(signal), timeout);
    if (!stopped && stopped.error().code() == ErrorCode::kInvalidArgument) return stopped;
    if (!stopped && stopped.error().code() != ErrorCode::kNotModified) return wrapped(std::move(stopped).error());
    auto started = start(container);
    if (!started) return wrapped(std::move(started).error());
    auto told = bus_->append(container_event(*container->record(), "restart"));
    if (!told) log(LogLevel::kError, "event restart: " + told.error().message() + ", ignoring");
    return ok();
}

Status EngineImpl::kill_container(const std::string& ref, const std::string& signal) {
    auto container = find(ref);
    if (!container) return std::move(container).error();
    auto signum = parse_signal(signal.empty() ? "KILL" : signal);
    if (!signum) return std::move(signum).error();
    const std::string context = "cannot kill container: " + ref;
    const RecordPtr record = (*container)->record();
    if (!record->is_running()) return not_running(*record).context(context);
    if (*signum == kSigKill) {
        ++(*container)->stop_requests;
        if (Status killed = kill_and_wait(*container); !killed) return std::move(killed).error().context(context);
        return ok();
    }
    // Docker's rule: a configured stop signal means that other signals only tell the process something; without one any
    // signal says that it shall not run again.
    const bool ends_it = record->config.value("StopSignal", "").empty() || *signum == stop_signal(*record);
    if (ends_it) ++(*container)->stop_requests;
    Status sent = send_signal(*container, *signum, ends_it);
    // A process that has just ended cannot be told anything any more, which is not the caller's fault.
    if (!sent && sent.error().code() != ErrorCode::kNotFound) return std::move(sent).error().context(context);
    return ok();
}

}  // namespace slipway::core
