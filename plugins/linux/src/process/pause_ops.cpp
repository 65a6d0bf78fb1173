// plugins/linux/src/process/pause_ops.cpp - slw.pause/1: the freezer of the container's control groups.
#include <tables.hpp>

#include <cgroup/cgroup_manager.hpp>
#include <container.hpp>
#include <process/supervisor_session.hpp>
#include <slipway/cpp/guarded.hpp>

#include <chrono>
#include <thread>

namespace slipway::linux_backend {
namespace {

constexpr auto kAtMost = std::chrono::seconds(10);  // where the caller has no deadline
constexpr auto kStep = std::chrono::milliseconds(1);

Status check_running(const slw_container& c) {
    const auto session = c.session();
    if (session && session->status().state == SLW_PROCESS_RUNNING) return ok();
    return Error(ErrorCode::kConflict, "container " + c.id + " is not running").with_resource(c.id);
}

// A process in an uninterruptible wait, on a dead network disk for instance, stops late or never.
Status freeze(slw_container& c, const CallLimits& limits) {
    const auto give_up = std::chrono::steady_clock::now() + kAtMost;
    for (;;) {
        const Result<bool> frozen = c.backend.cgroups->freeze(c.id);
        if (!frozen) return frozen.error();
        if (*frozen) return ok();
        if (Status in_time = limits.check(); !in_time) return in_time;
        if (std::chrono::steady_clock::now() >= give_up) {
            return Error(ErrorCode::kDeadlineExceeded, "a process of the container does not stop").with_resource(c.id);
        }
        std::this_thread::sleep_for(kStep);
    }
}

slw_status SLW_CALL pause(slw_container* c, const slw_call* call, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (Status running = check_running(*c); !running) return running;
        Status frozen = freeze(*c, CallLimits(c->backend.host, call));
        if (frozen) return ok();
        const Status thawed = c->backend.cgroups->thaw(c->id);
        if (!thawed) c->backend.host.warn("container " + c->id + ": " + thawed.error().message() + ", ignoring");
        return frozen;
    });
}

slw_status SLW_CALL resume(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (Status running = check_running(*c); !running) return running;
        return c->backend.cgroups->thaw(c->id);
    });
}

}  // namespace

const slw_pause_ops kPauseOps = {sizeof(slw_pause_ops), 0, pause, resume};

}  // namespace slipway::linux_backend
