// slw.stdio/1 and slw.reconcile/1; backends whose profile says they lack them skip these with its reason.
#include "kit.hpp"

namespace conformance {

using Stdio = BackendCase;
using Reconcile = BackendCase;

TEST_F(Stdio, ResizeNeedsATerminalThatRuns) {
    const auto* stdio = table<slw_stdio_ops>(SLW_EXT_STDIO);
    if (stdio == nullptr) return;
    slw_container* c = open_container();
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_CONFLICT, stdio->resize(c, 24, 80, err.get()), err));
}

TEST_F(Stdio, AttachRefusesUnknownFlags) {
    const auto* stdio = table<slw_stdio_ops>(SLW_EXT_STDIO);
    if (stdio == nullptr) return;
    slw_container* c = open_container();
    slw_attach_request request{};
    request.struct_size = sizeof(request);
    request.flags = UINT32_C(1) << 31;
    request.stream = SLW_NO_HANDLE;
    const slw_call call = no_limits();
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_INVALID_ARGUMENT, stdio->attach(c, &call, &request, err.get()), err));
}

TEST_F(Reconcile, AFreshInstanceHoldsNothing) {
    const auto* reconcile = table<slw_reconcile_ops>(SLW_EXT_RECONCILE);
    if (reconcile == nullptr) return;
    const slw_call call = no_limits();
    slipway::StringSink out;
    ErrorBuffer err;

    ASSERT_TRUE(succeeded(reconcile->list(backend_, &call, out.get(), err.get()), err));

    EXPECT_EQ(json::parse(out.take(), nullptr, false), json::array());
}

TEST_F(Reconcile, RemovingAHoldingThatNeverWasIsSuccess) {
    const auto* reconcile = table<slw_reconcile_ops>(SLW_EXT_RECONCILE);
    if (reconcile == nullptr) return;
    const slw_call call = no_limits();
    const std::string id = new_container_id();
    for (int i = 0; i < 2; ++i) {
        ErrorBuffer err;
        EXPECT_TRUE(succeeded(reconcile->remove(backend_, &call, id.c_str(), err.get()), err));
    }
}

TEST_F(Reconcile, ThereIsNothingToAdoptOfAContainerThatNeverWas) {
    const auto* reconcile = table<slw_reconcile_ops>(SLW_EXT_RECONCILE);
    if (reconcile == nullptr) return;
    slw_container* c = open_container();
    slw_process_status status{};
    status.struct_size = sizeof(status);
    const slw_call call = no_limits();
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_NOT_FOUND, reconcile->adopt(c, &call, &status, err.get()), err));
}

}  // namespace conformance
