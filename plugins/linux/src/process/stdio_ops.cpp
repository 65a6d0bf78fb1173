// plugins/linux/src/process/stdio_ops.cpp - slw.stdio/1: hands clients' sockets to the supervisor.
#include <tables.hpp>

#include <container.hpp>
#include <process/supervisor_session.hpp>
#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/text.hpp>

namespace slipway::linux_backend {
namespace {

Result<std::shared_ptr<SupervisorSession>> session_of(const slw_container& c) {
    if (auto session = c.session()) return session;
    return Error(ErrorCode::kConflict, "container " + c.id + " is not created").with_resource(c.id);
}

Result<supervisor::AttachRequest> head_of(const slw_attach_request& request) {
    constexpr uint32_t kKnown =
        SLW_ATTACH_STDIN | SLW_ATTACH_STDOUT | SLW_ATTACH_STDERR | SLW_ATTACH_MULTIPLEXED | SLW_ATTACH_REPLY_FIRST;
    if ((request.flags & ~kKnown) != 0) return Error(ErrorCode::kInvalidArgument, "attach: unknown flag");
    if (request.detach_keys.size > supervisor::kMaxDetachKeys) {
        return Error(ErrorCode::kInvalidArgument, "attach: the detach key sequence is too long");
    }
    if (request.early_input.size > supervisor::kMaxEarlyInputBytes ||
        request.preamble.size > supervisor::kMaxEarlyInputBytes / 2) {
        return Error(ErrorCode::kInvalidArgument, "attach: preamble or early input is too long");
    }
    supervisor::AttachRequest head;
    if ((request.flags & SLW_ATTACH_STDIN) != 0) head.flags |= supervisor::kAttachStdin;
    if ((request.flags & SLW_ATTACH_STDOUT) != 0) head.flags |= supervisor::kAttachStdout;
    if ((request.flags & SLW_ATTACH_STDERR) != 0) head.flags |= supervisor::kAttachStderr;
    if ((request.flags & SLW_ATTACH_MULTIPLEXED) != 0) head.flags |= supervisor::kAttachMultiplexed;
    head.early_bytes = static_cast<uint32_t>(request.early_input.size);
    head.keys_bytes = static_cast<uint32_t>(request.detach_keys.size);
    if ((request.flags & SLW_ATTACH_REPLY_FIRST) != 0)
        head.preamble_bytes = static_cast<uint32_t>(request.preamble.size);
    return head;
}

slw_status SLW_CALL attach(slw_container* c, const slw_call* call, const slw_attach_request* request,
                           slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (request == nullptr || !SLW_HAS(request, slw_attach_request, detach_keys)) {
            return Error(ErrorCode::kInvalidArgument, "attach request is too small");
        }
        const Result<supervisor::AttachRequest> head = head_of(*request);
        if (!head) return head.error();
        const Result<std::shared_ptr<SupervisorSession>> session = session_of(*c);
        if (!session) return session.error();
        std::string payload;
        if (head->preamble_bytes > 0) payload += view_of(request->preamble);
        payload += view_of(request->early_input);
        payload += view_of(request->detach_keys);
        return (*session)->attach(*head, payload, static_cast<int>(request->stream), CallLimits(c->backend.host, call));
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
