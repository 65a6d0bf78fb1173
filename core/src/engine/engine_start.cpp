// Starting containers. The transaction runs on a worker; the caller waits with a bound, so that a backend which ignores
// its deadline costs its container and never the caller.

#include "engine/engine_impl.hpp"
#include "start/start_flow.hpp"

#include <condition_variable>

namespace slipway::core {

// What the worker and the caller share; outlives either.
struct EngineImpl::StartJob {
    std::optional<uint64_t> relaunch;
    std::optional<uint64_t> stops;  // it starts only if no client has asked it to end since
    nlohmann::json host_config;     // null: none was supplied
    std::mutex mutex;
    std::condition_variable done;
    std::optional<Result<StartOutcome>> outcome;  // guarded by mutex
    CancelToken cancel;
    std::atomic<bool> runs{false};  // it holds the container's lock, so the running phase is its own
};

namespace {

// How often the caller looks whether the running phase is overdue.
constexpr std::chrono::milliseconds kLook{100};

// The answer of start-flow.md 2.6 for states that end the request; nullopt when the start may go on.
std::optional<Result<StartOutcome>> answer_by_state(RunState state) {
    switch (state) {
        case RunState::kPaused:
            return Error(ErrorCode::kConflict, "cannot start a paused container, try unpause instead");
        case RunState::kRunning:
        case RunState::kRestarting: {
            StartOutcome outcome;
            outcome.already_running = true;
            return Result<StartOutcome>(std::move(outcome));
        }
        case RunState::kRemoving:
        case RunState::kDead:
            return Error(ErrorCode::kConflict, "container is marked for removal and cannot be started");
        case RunState::kCreated:
        case RunState::kExited:
            break;
    }
    return std::nullopt;
}

}  // namespace

Result<StartOutcome> EngineImpl::start_container(const std::string& ref, const StartContainer& request) {
    auto container = find(ref);
    if (!container) return std::move(container).error();
    return start(*container, std::nullopt, request.host_config);
}

Result<StartOutcome> EngineImpl::start(const ContainerPtr& container, std::optional<uint64_t> relaunch,
                                       nlohmann::json host_config, std::optional<uint64_t> stops) {
    if (!relaunch) {
        if (auto answer = answer_by_state(container->record()->state)) return std::move(*answer);
    }
    if (stopping_) return Error(ErrorCode::kUnavailable, "the engine shuts down");

    const auto job = std::make_shared<StartJob>();
    job->relaunch = relaunch;
    job->stops = stops;
    job->host_config = std::move(host_config);
    workers_.run([this, container, job] {
        Result<StartOutcome> outcome = StartOutcome();
        try {
            outcome = run_job(container, *job);
        } catch (const std::exception& e) {  // or its caller would wait for ever
            outcome = Error(ErrorCode::kInternal, "start of container " + container->id + ": " + e.what());
        }
        const std::lock_guard lock(job->mutex);
        job->outcome = std::move(outcome);
        job->done.notify_all();
    });

    std::unique_lock lock(job->mutex);
    while (!job->done.wait_for(lock, kLook, [&] { return job->outcome.has_value(); })) {
        if (!job->runs || !container->phase.is_overdue(std::chrono::milliseconds(0))) continue;
        job->cancel.cancel();
        // A backend that keeps to the contract answers now.
        if (!container->phase.is_overdue(options_.backend_grace)) continue;
        const char* name = container->phase.name();
        const std::string phase = name != nullptr ? name : "start";
        const std::string text = "start of container " + container->id + ": the backend does not return from phase " +
                                 phase + "; it is undone as soon as it does";
        container->attachments.close_all();
        log(LogLevel::kError, text);
        return Error(ErrorCode::kDeadlineExceeded, text).with_operation(phase);
    }
    return std::move(*job->outcome);
}

Result<StartOutcome> EngineImpl::run_job(const ContainerPtr& container, StartJob& job) {
    auto hold = lock(container, container->id, job.relaunch ? "restart" : "start");
    if (!hold) return std::move(hold).error();
    job.runs = true;
    if (job.stops && container->stop_requests != *job.stops) {
        return Error(ErrorCode::kNotModified, "container " + container->id + " was asked to end meanwhile");
    }
    if (job.relaunch) {
        // Stopped, started by hand or removed since it was scheduled: somebody else decided.
        const bool is_due =
            container->record()->state == RunState::kRestarting && container->runs_ended == *job.relaunch;
        if (!is_due) return StartOutcome{true, {}};
    } else {
        if (auto answer = answer_by_state(container->record()->state)) return std::move(*answer);
        container->backoff = {};
    }

    if (!job.host_config.is_null() && !container->backend->info().accepts_start_hostconfig) {
        return Error(ErrorCode::kInvalidArgument, std::string(kNoStartHostConfig));
    }

    auto report =
        run_start(*services_, *container, StartRequest{job.relaunch.has_value(), &job.cancel, &job.host_config});
    if (report) {
        StartOutcome outcome;
        outcome.report = std::move(*report);
        return outcome;
    }
    Error error = std::move(report).error();
    const RecordPtr record = container->record();
    if (job.relaunch) container->waiters.note_exit({record->exit_code, record->error});
    // A refused configuration is not a failed start: nothing was tried.
    const bool was_tried = record->error == error.message();
    if (was_tried && record->host_config.value("AutoRemove", false)) {
        if (Status removed = remove_stopped(container, *hold, true); !removed) {
            log(LogLevel::kError, "auto-remove of " + record->name + ": " + removed.error().message());
        }
    }
    return error;
}

}  // namespace slipway::core
