// plugins/linux/src/process/stdio_ops.cpp - slw.stdio/1: hands clients' sockets to the supervisor.
#include <tables.hpp>

#include <container.hpp>
#include <process/attach_packet.hpp>
#include <process/supervisor_session.hpp>
#include <slipway/cpp/guarded.hpp>

namespace slipway::linux_backend {
namespace {

Result<std::shared_ptr<SupervisorSession>> session_of(const slw_container& c) {
    if (auto session = c.session()) return session;
    return Error(ErrorCode::kConflict, "container " + c.id + " is not created").with_resource(c.id);
}

slw_status SLW_CALL attach(slw_container* c, const slw_call* call, const slw_attach_request* request,
                           slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (request == nullptr || !SLW_HAS(request, slw_attach_request, detach_keys)) {
            return Error(ErrorCode::kInvalidArgument, "attach request is too small");
        }
        const Result<AttachPacket> packet = attach_packet(*request);
        if (!packet) return packet.error();
        const Result<std::shared_ptr<SupervisorSession>> session = session_of(*c);
        if (!session) return session.error();
        return (*session)->attach(packet->head, packet->payload, static_cast<int>(request->stream),
                                  CallLimits(c->backend.host, call));
    });
}

slw_status SLW_CALL resize(slw_container* c, uint16_t rows, uint16_t cols, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const Result<std::shared_ptr<SupervisorSession>> session = session_of(*c);
        if (!session) return session.error();
        return (*session)->resize(rows, cols);
    });
}

}  // namespace

const slw_stdio_ops kStdioOps = {sizeof(slw_stdio_ops), 0, attach, resize};

}  // namespace slipway::linux_backend
