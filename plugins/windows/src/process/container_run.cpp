#include <process/container_run.hpp>

#include <documents/json_access.hpp>
#include <hcs/errors.hpp>

namespace slipway::windows_backend {

using nlohmann::json;
using std::chrono::milliseconds;

namespace {

// How long a guest has to end a container before its machine is ended.
constexpr milliseconds kGuestPatience(5000);

// How much of a pause's time a guest has to say what its container used.
constexpr milliseconds kStatisticsPatience(1000);

// What was asked for goes on, and its event says when it is done.
Status handed_over(Status asked) {
    if (!asked && asked.error().code() == ErrorCode::kDeadlineExceeded) return ok();
    return asked;
}

}  // namespace

ContainerRun::ContainerRun(System system, json process, SessionOptions options, std::unique_ptr<UtilityVm> machine)
    : machine_(std::move(machine)),
      system_(std::move(system)),
      process_(std::move(process)),
      session_(std::move(options)) {}

// No event may come any more once members begin to go; the session goes before the system all the same.
ContainerRun::~ContainerRun() {
    { const System closing = std::move(system_); }
    machine_.reset();
}

Status ContainerRun::watch() {
    if (machine_) {
        machine_->when_gone([this](const std::string& why) { note_gone(why); });
    }
    return system_.watch([this](uint32_t type, const json& data) { handle_event(type, data); });
}

void ContainerRun::handle_event(uint32_t type, const json& data) {
    if (type == raw::kEventSystemExited) note_gone("the system ended: " + read_text(data, "ExitType"));
    if (type == raw::kEventServiceDisconnect) note_gone("the Host Compute Service went away");
}

void ContainerRun::note_gone(const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        changed_.notify_all();
    }
    session_.system_gone(why);
}

Status ContainerRun::start(const Limits& system, const CallLimits& call, milliseconds process) {
    {
        const std::lock_guard lock(mutex_);
        if (started_) return Error(ErrorCode::kConflict, "the container was started already");
        started_ = true;
    }
    if (Status started = system_.start(system); !started) return started;
    return session_.start(system_, process_, Limits(call, process));
}

Status ContainerRun::signal(int32_t number) {
    if (Status known = ProcessSession::check_signal(number); !known) return known;
    {
        // resume() takes what waits after the pause is over: what is put here before then is found.
        const std::lock_guard lock(mutex_);
        if (is_paused() && number != 9) {
            if (number != 0) waiting_signals_.push_back(number);
            return ok();
        }
    }
    return send(number);
}

Status ContainerRun::send(int32_t number) {
    if (number != 9 && number != 15) return session_.signal(number);
    if (!is_running()) return Error(ErrorCode::kNotFound, "the container is not running");
    if (number == 9) return terminate();
    Status sent = handed_over(system_.shut_down(Limits(kHandOver)));
    if (!sent && is_gone(sent.error())) return ok();  // it is ending
    return sent;
}

Status ContainerRun::terminate() {
    // Nothing in a paused machine would hear of it.
    if (is_paused()) return handed_over(machine_->terminate(Limits(kGuestPatience)));
    Status ended = system_.terminate(Limits(machine_ ? kGuestPatience : kHandOver));
    if (ended) return ended;
    if (is_ending(ended.error())) {
        session_.system_gone("the system was gone when it was terminated");
        return ok();
    }
    // A guest that does not answer ends with its machine.
    return handed_over(machine_ ? machine_->terminate(Limits(kGuestPatience)) : std::move(ended));
}

Status ContainerRun::check_pausable() const {
    if (!machine_) {
        return Error(ErrorCode::kUnimplemented, "Windows can pause containers with Hyper-V isolation alone")
            .with_hint("run the container with --isolation=hyperv");
    }
    if (is_running()) return ok();
    return Error(ErrorCode::kConflict, "the container is not running");
}

Status ContainerRun::pause(const Limits& limits) {
    if (Status possible = check_pausable(); !possible) return possible;
    if (is_paused()) return ok();
    // Its guest will not answer meanwhile, and what the machine has used is another count. Who cannot tell can be held
    // all the same.
    const Result<json> before = system_.properties({"Statistics"}, Limits(kStatisticsPatience));
    {
        const std::lock_guard lock(mutex_);
        statistics_ = before ? *before : json();
    }
    return machine_->pause(limits);
}

json ContainerRun::statistics_before_pause() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
}

Status ContainerRun::resume(const Limits& limits) {
    if (Status possible = check_pausable(); !possible) return possible;
    if (Status resumed = machine_->resume(limits); !resumed) return resumed;
    std::vector<int32_t> waiting;
    {
        const std::lock_guard lock(mutex_);
        waiting.swap(waiting_signals_);
    }
    for (const int32_t number : waiting) (void)send(number);  // as a signal to what has ended
    return ok();
}

bool ContainerRun::wait_stopped(milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return stopped_; });
}

Status ContainerRun::end(const Timeouts& timeouts) {
    const bool by_itself = session_.status().state == SLW_PROCESS_EXITED;
    bool stopped = wait_stopped(milliseconds(0));
    if (!stopped && by_itself && !is_paused()) {
        const Status asked = system_.shut_down(Limits(timeouts.stop));
        // Then only the event is waited for, which may be lost, or the end of a shutdown that was asked for before.
        if (asked || is_gone(asked.error())) stopped = wait_stopped(timeouts.undo);
    }
    Status ended = ok();
    if (!stopped && !is_paused()) {
        ended = system_.terminate(Limits(timeouts.undo));
        if (!ended && is_ending(ended.error())) ended = ok();
        if (ended) stopped = wait_stopped(timeouts.undo);
    }
    if (machine_) {
        ended = machine_->end();  // with it goes all that is in it
        stopped = stopped || ended || wait_stopped(milliseconds(0));
    }
    if (stopped) session_.system_gone("the system has ended");
    // Its last output still reaches log and clients.
    if (!session_.wait_ended(milliseconds(stopped ? 4000 : 100))) session_.system_gone("the system was given up");
    return ended;
}

}  // namespace slipway::windows_backend
