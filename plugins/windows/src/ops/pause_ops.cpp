// slw.pause/1: of containers with Hyper-V isolation, whose machine HCS can hold. A silo it cannot.
#include <ops/ops_common.hpp>

namespace slipway::windows_backend {
namespace {

template <class Call>
slw_status change(slw_container* c, const slw_call* call, slw_error* err, Call body) noexcept {
    return guarded(err, [&]() -> Status {
        const auto run = running(*c);
        if (!run) return run.error();
        Status done = body(**run, Limits(CallLimits(c->backend.host, call), c->backend.config.timeouts.process));
        // It may end between the two.
        if (!done && !(*run)->is_running()) return std::move(done).error().with_code(ErrorCode::kConflict);
        return done;
    });
}

slw_status SLW_CALL pause(slw_container* c, const slw_call* call, slw_error* err) noexcept {
    return change(c, call, err, [](ContainerRun& run, const Limits& limits) { return run.pause(limits); });
}

slw_status SLW_CALL resume(slw_container* c, const slw_call* call, slw_error* err) noexcept {
    return change(c, call, err, [](ContainerRun& run, const Limits& limits) { return run.resume(limits); });
}

}  // namespace

const slw_pause_ops kPauseOps = {sizeof(slw_pause_ops), 0, pause, resume};

}  // namespace slipway::windows_backend
