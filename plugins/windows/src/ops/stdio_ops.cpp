// slw.stdio/1.
#include <ops/ops_common.hpp>

namespace slipway::windows_backend {
namespace {

slw_status SLW_CALL attach(slw_container* c, const slw_call*, const slw_attach_request* req, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (req == nullptr || !SLW_HAS(req, slw_attach_request, detach_keys)) {
            return Error(ErrorCode::kInvalidArgument, "attach request is too small");
        }
        constexpr uint32_t kKnown =
            SLW_ATTACH_STDIN | SLW_ATTACH_STDOUT | SLW_ATTACH_STDERR | SLW_ATTACH_MULTIPLEXED | SLW_ATTACH_REPLY_FIRST;
        if ((req->flags & ~kKnown) != 0) return Error(ErrorCode::kInvalidArgument, "attach: unknown flag");
        const auto run = c->run();
        if (!run) return Error(ErrorCode::kConflict, "container " + c->id + " is not created").with_resource(c->id);
        return run->session().attach(*req);
    });
}

slw_status SLW_CALL resize(slw_container* c, uint16_t rows, uint16_t cols, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto run = running(*c);
        if (!run) return run.error();
        return (*run)->session().resize(rows, cols, Limits(kQuickly));
    });
}

}  // namespace

const slw_stdio_ops kStdioOps = {sizeof(slw_stdio_ops), 0, attach, resize};

}  // namespace slipway::windows_backend
