#include "start/start_flow.hpp"

#include "start/phases.hpp"
#include "start/release.hpp"
#include "start/start_host_config.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

MonotonicNanos nanos(std::chrono::milliseconds duration) {
    return static_cast<MonotonicNanos>(std::chrono::nanoseconds(duration).count());
}

// Runs the phases of one start and remembers what has to be undone.
class StartTransaction {
public:
    StartTransaction(StartContext& start, const StartRequest& request)
        : start_(start), cancel_(request.cancel), began_(monotonic_now()), ended_(began_) {
        start_.report.began = unix_now();
    }

    Status run(const Phase& phase) {
        const std::chrono::milliseconds limit = phase_deadline(start_.services.options, phase.name);
        const MonotonicNanos entered = ended_;  // where the one before left off: what lies between belongs to somebody
        const CallContext call{monotonic_now() + nanos(limit), cancel_};
        start_.container.phase.enter(phase.name, call.deadline);

        Status status = guarded([&] { return phase.run(start_, call); });

        const bool acquired = status.has_value();
        // What came too late is undone like what failed: nobody waits for it any more.
        if (acquired && !phase.is_final && is_too_late(call)) {
            status = Error(ErrorCode::kDeadlineExceeded, "it took too long");
        }
        if (!status && status.error().code() == ErrorCode::kDeadlineExceeded) status = naming(phase, limit, status);
        PhaseReport report;
        report.name = phase.name;
        report.offset_ns = static_cast<int64_t>(entered - began_);
        report.duration_ns = lap();
        report.failed = !status.has_value();
        start_.report.phases.push_back(std::move(report));
        if (acquired && phase.undo != nullptr) undos_.push_back({&phase, start_.report.phases.size() - 1});
        return status;
    }

    // Newest first. Not cancelled, with deadlines of its own.
    void undo() {
        for (; !undos_.empty(); undos_.pop_back()) {
            const auto [phase, index] = undos_.back();
            const CallContext call{monotonic_now() + nanos(phase_deadline(start_.services.options, phase->name)),
                                   nullptr};
            start_.container.phase.enter(phase->name, call.deadline);
            const Status undone = guarded([&] { return phase->undo(start_, call); });
            PhaseReport& report = start_.report.phases[index];
            report.undone = true;
            report.undo_ns = lap();
            if (undone) continue;
            report.undo_error = undone.error().message();
            start_.container.needs_release = true;
            log_line(start_.services.options, LogLevel::kError,
                     "start " + start_.record.name + ": undo of " + phase->name +
                         " failed, to be tried again: " + undone.error().message());
        }
    }

    void finish(bool succeeded) {
        start_.report.succeeded = succeeded;
        start_.report.total_ns = static_cast<int64_t>(ended_ - began_);
    }

private:
    // A backend's answer that nobody can read must cost its start, not the daemon.
    template <class Work>
    static Status guarded(Work work) {
        try {
            return work();
        } catch (const std::exception& e) {
            return Error(ErrorCode::kInternal, e.what());
        }
    }

    // Time since the last lap.
    int64_t lap() {
        const MonotonicNanos before = std::exchange(ended_, monotonic_now());
        return static_cast<int64_t>(ended_ - before);
    }

    // Whoever reads it must learn which of the phases it was.
    static Status naming(const Phase& phase, std::chrono::milliseconds limit, const Status& late) {
        return Error(late.error())
            .context(std::string("phase ") + phase.name + " passed its deadline of " + std::to_string(limit.count()) +
                     " ms");
    }

    static bool is_too_late(const CallContext& call) {
        return monotonic_now() > call.deadline || (call.cancel != nullptr && call.cancel->is_cancelled());
    }

    struct Undo {
        const Phase* phase;
        size_t report_index;
    };

    StartContext& start_;
    const CancelToken* cancel_;
    const MonotonicNanos began_;
    MonotonicNanos ended_;  // of the last phase or undo
    std::vector<Undo> undos_;
};

// The record of a start that failed: state and times unchanged, but that a relaunch is not tried again; it keeps the
// exit code of the run before it.
void record_failure(const StartContext& start, FailureKind kind, const Error& error) {
    ContainerRecord record = *start.container.record();
    record.last_start = start.report;
    if (kind == FailureKind::kRequest && !start.is_relaunch) {
        start.container.publish(std::move(record));
        return;
    }
    record.error = error.message();
    if (start.is_relaunch) {
        record.state = RunState::kExited;
        record.restart_at = 0;
    } else {
        record.exit_code = failure_exit_code(kind, error, record.exit_code);
    }
    Batch batch;
    batch.put(record);
    start.container.publish(std::move(record));
    auto committed = start.services.store.commit(std::move(batch), Durability::kNormal);
    if (!committed) {
        log_line(start.services.options, LogLevel::kError,
                 "start " + start.record.name +
                     ": the failure could not be stored, ignoring: " + committed.error().message());
    }
}

// What an earlier operation could not give back stands in the way of this start.
Status release_leftovers(StartContext& start, const CallContext& call) {
    if (!start.container.needs_release) return ok();
    return release_run(start.container, start.handle, call, start.services.options);
}

}  // namespace

void log_line(const EngineOptions& options, LogLevel level, const std::string& line) {
    if (options.log) options.log(level, line);
}

std::chrono::milliseconds phase_deadline(const EngineOptions& options, const std::string& phase) {
    const auto own = options.phase_deadlines.find(phase);
    return own == options.phase_deadlines.end() ? options.default_phase_deadline : own->second;
}

Result<StartReport> run_start(const StartServices& services, Container& container, const StartRequest& request) {
    const std::shared_ptr<BackendContainer> handle = container.handle();
    if (handle == nullptr) {
        return Error(ErrorCode::kUnavailable,
                     "backend '" + container.record()->backend + "' of container " + container.id + " is not loaded");
    }
    const bool has_host_config = request.host_config != nullptr && !request.host_config->is_null();
    StartContext start{services,
                       container,
                       *container.backend,
                       *handle,
                       request.is_relaunch,
                       has_host_config ? request.host_config : nullptr,
                       *container.record(),
                       {},
                       {},
                       {}};

    std::vector<Phase> flow = start_phases(container.backend->info());
    if (start.host_config != nullptr) use_start_host_config(flow);
    // Also for a host configuration that comes with the start, whatever it names.
    if (start.host_config != nullptr || has_peers(start.record)) {
        const auto files =
            std::find_if(flow.begin(), flow.end(), [](const Phase& phase) { return phase.run == prepare_files; });
        flow.insert(files, {"join_peers", FailureKind::kPeer, join_peers, nullptr});
    }
    if (container.needs_release) {
        const auto files =
            std::find_if(flow.begin(), flow.end(), [](const Phase& phase) { return phase.run == prepare_files; });
        flow.insert(files, {"release_leftovers", FailureKind::kOther, release_leftovers, nullptr});
    }

    StartTransaction transaction(start, request);
    for (const Phase& phase : flow) {
        Status status = transaction.run(phase);
        if (status) continue;
        transaction.undo();
        Error error = client_error(phase.on_failure, status.error());
        transaction.finish(false);
        start.report.error = error_fields(phase.name, error);
        services.metrics.add(start.report, start.is_relaunch);
        record_failure(start, phase.on_failure, error);
        container.attachments.close_all();
        container.phase.leave();
        return error;
    }
    transaction.finish(true);
    services.metrics.add(start.report, start.is_relaunch);
    start.record.last_start = start.report;
    container.publish(std::move(start.record));
    container.phase.leave();
    if (services.started) services.started(*container.record());
    return start.report;
}

}  // namespace slipway::core
