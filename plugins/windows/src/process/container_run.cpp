#include <process/container_run.hpp>

#include <documents/json_access.hpp>
#include <hcs/errors.hpp>

#include <algorithm>

namespace slipway::windows_backend {

using nlohmann::json;
using std::chrono::milliseconds;

ContainerRun::ContainerRun(System system, json process, SessionOptions options)
    : system_(std::move(system)), process_(std::move(process)), session_(std::move(options)) {}

// No event may come any more once members begin to go; the session goes before the system all the same.
ContainerRun::~ContainerRun() {
    const System closing = std::move(system_);
}

Status ContainerRun::watch() {
    return system_.watch([this](uint32_t type, const json& data) { handle_event(type, data); });
}

void ContainerRun::handle_event(uint32_t type, const json& data) {
    std::string why;
    if (type == raw::kEventSystemExited) {
        why = "the system ended: " + read_text(data, "ExitType");
    } else if (type == raw::kEventServiceDisconnect) {
        why = "the Host Compute Service went away";
    } else {
        return;
    }
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

Status ContainerRun::signal(int32_t number, const Limits& limits) {
    if (number != 9 && number != 15) return session_.signal(number, limits);
    if (!is_running()) return Error(ErrorCode::kNotFound, "the container is not running");
    Status sent = number == 9 ? system_.terminate(limits) : system_.shut_down(limits);
    if (sent || !is_gone(sent.error())) return sent;
    if (number == 9) session_.system_gone("the system was gone when it was terminated");
    return ok();  // it is ending
}

bool ContainerRun::wait_stopped(milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return stopped_; });
}

Status ContainerRun::end(const Timeouts& timeouts) {
    const bool by_itself = session_.status().state == SLW_PROCESS_EXITED;
    bool stopped = wait_stopped(milliseconds(0));
    if (!stopped && by_itself) {
        const milliseconds patience = std::min(timeouts.stop, timeouts.undo);
        const Status asked = system_.shut_down(Limits(patience));
        if (asked || is_gone(asked.error())) stopped = wait_stopped(patience);
    }
    Status ended = ok();
    if (!stopped) {
        ended = system_.terminate(Limits(timeouts.undo));
        if (!ended && is_gone(ended.error())) ended = ok();
        if (ended) stopped = wait_stopped(timeouts.undo);
    }
    if (stopped) session_.system_gone("the system has ended");
    // Its last output still reaches log and clients.
    if (!session_.wait_ended(milliseconds(stopped ? 4000 : 100))) session_.system_gone("the system was given up");
    return ended;
}

}  // namespace slipway::windows_backend
