#include <process/container_run.hpp>

#include <documents/json_access.hpp>
#include <hcs/errors.hpp>

#include <algorithm>

namespace slipway::windows_backend {

using nlohmann::json;
using std::chrono::milliseconds;

namespace {

// For what waited for the end of a pause.
constexpr milliseconds kSignalPatience(5000);

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

Status ContainerRun::start(const Limits& system, const Limits& process) {
    {
        const std::lock_guard lock(mutex_);
        if (started_) return Error(ErrorCode::kConflict, "the container was started already");
        started_ = true;
    }
    if (Status started = system_.start(system); !started) return started;
    return session_.start(system_, process_, process);
}

Status ContainerRun::signal(int32_t number, milliseconds limit) {
    if (!is_paused()) return send(number, limit);
    // Nothing in the machine would hear of it.
    if (number == 9) return machine_->terminate(Limits(limit));
    const std::lock_guard lock(mutex_);
    waiting_signals_.push_back(number);
    return ok();
}

Status ContainerRun::send(int32_t number, milliseconds limit) {
    if (number != 9 && number != 15) return session_.signal(number, Limits(limit));
    if (!is_running()) return Error(ErrorCode::kNotFound, "the container is not running");
    Status sent = number == 9 ? system_.terminate(Limits(limit)) : system_.shut_down(Limits(limit));
    if (sent) return sent;
    // A guest that does not answer ends with its machine.
    const bool ending = number == 9 ? is_ending(sent.error()) : is_gone(sent.error());
    if (number == 9 && machine_ && !ending) return machine_->terminate(Limits(limit));
    if (!ending) return sent;
    if (number == 9) session_.system_gone("the system was gone when it was terminated");
    return ok();  // it is ending
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
    return machine_->pause(limits);
}

Status ContainerRun::resume(const Limits& limits) {
    if (Status possible = check_pausable(); !possible) return possible;
    if (Status resumed = machine_->resume(limits); !resumed) return resumed;
    std::vector<int32_t> waiting;
    {
        const std::lock_guard lock(mutex_);
        waiting.swap(waiting_signals_);
    }
    for (const int32_t number : waiting) (void)send(number, kSignalPatience);  // as a signal to what has ended
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
        const milliseconds patience = std::min(timeouts.stop, timeouts.undo);
        const Status asked = system_.shut_down(Limits(patience));
        if (asked || is_gone(asked.error())) stopped = wait_stopped(patience);
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
