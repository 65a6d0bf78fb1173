// slw.stdio/1, slw.reconcile/1, slw.pause/1, slw.exec/1, slw.update/1, slw.stats/1, slw.top/1 and slw.archive/1;
// backends whose profile says they lack them skip these with its reason.
#include "kit.hpp"

namespace conformance {

using Stdio = BackendCase;
using Reconcile = BackendCase;
using Pause = BackendCase;
using Exec = BackendCase;
using Update = BackendCase;
using Stats = BackendCase;
using Top = BackendCase;
using Archive = BackendCase;

TEST_F(Update, NeedsAContainerThatRuns) {
    const auto* update = table<slw_update_ops>(SLW_EXT_UPDATE);
    if (update == nullptr) return;
    slw_container* c = open_container();
    const slw_call call = no_limits();
    const std::string request = R"({"HostConfig":{"CpuShares":100},"Changed":["CpuShares"]})";
    ErrorBuffer err;

    EXPECT_TRUE(
        failed_with(SLW_ERR_CONFLICT, update->update(c, &call, {request.data(), request.size()}, err.get()), err));
}

TEST_F(Stats, NeedAContainerThatRuns) {
    const auto* stats = table<slw_stats_ops>(SLW_EXT_STATS);
    if (stats == nullptr) return;
    slw_container* c = open_container();
    const slw_call call = no_limits();
    slipway::StringSink out;
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_CONFLICT, stats->read(c, &call, out.get(), err.get()), err));
    EXPECT_EQ(out.take(), "");
}

TEST_F(Top, NeedsAContainerThatRuns) {
    const auto* top = table<slw_top_ops>(SLW_EXT_TOP);
    if (top == nullptr) return;
    slw_container* c = open_container();
    const slw_call call = no_limits();
    slipway::StringSink out;
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_CONFLICT, top->list(c, &call, slipway::text_of(""), out.get(), err.get()), err));
    EXPECT_EQ(out.take(), "");
}

TEST_F(Archive, RefusesUnknownFlags) {
    const auto* archive = table<slw_archive_ops>(SLW_EXT_ARCHIVE);
    if (archive == nullptr) return;
    slw_container* c = open_container();
    slw_root_request root{};
    root.struct_size = sizeof(root);
    slw_archive_place place{};
    place.struct_size = sizeof(place);
    place.path = "/";
    place.root = &root;
    const slw_call call = no_limits();
    const slipway::FunctionSource nothing([](void*, uint64_t) -> int64_t { return 0; });
    slipway::StringSink out;
    ErrorBuffer put, stat;

    EXPECT_TRUE(failed_with(SLW_ERR_INVALID_ARGUMENT,
                            archive->put(c, &call, &place, UINT32_C(1) << 31, nothing.get(), put.get()), put));
    place.flags = UINT32_C(1) << 31;
    EXPECT_TRUE(failed_with(SLW_ERR_INVALID_ARGUMENT, archive->stat(c, &call, &place, out.get(), stat.get()), stat));
    EXPECT_EQ(out.take(), "");
}

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

TEST_F(Pause, NeedsAContainerThatRuns) {
    const auto* pause = table<slw_pause_ops>(SLW_EXT_PAUSE);
    if (pause == nullptr) return;
    slw_container* c = open_container();
    const slw_call call = no_limits();
    ErrorBuffer paused;
    EXPECT_TRUE(failed_with(SLW_ERR_CONFLICT, pause->pause(c, &call, paused.get()), paused));
    ErrorBuffer resumed;
    EXPECT_TRUE(failed_with(SLW_ERR_CONFLICT, pause->resume(c, &call, resumed.get()), resumed));
}

// A request that is right but for what a case changes.
slw_exec_request exec_request(const std::string& id, const std::string& process) {
    slw_exec_request request{};
    request.struct_size = sizeof(request);
    request.exec_id = id.c_str();
    request.process = slipway::text_of(process);
    return request;
}

constexpr const char* kProcess = R"({"Path": "true", "Args": [], "Env": [], "Config": {}, "HostConfig": {}})";

TEST_F(Exec, NeedsAContainerThatRuns) {
    const auto* exec = table<slw_exec_ops>(SLW_EXT_EXEC);
    if (exec == nullptr) return;
    slw_container* c = open_container();
    const std::string id = new_container_id(), process = kProcess;
    const slw_exec_request request = exec_request(id, process);
    const slw_call call = no_limits();
    slw_process_info info{};
    info.struct_size = sizeof(info);
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_CONFLICT, exec->start(c, &call, &request, &info, err.get()), err));
}

TEST_F(Exec, RefusesUnknownFlags) {
    const auto* exec = table<slw_exec_ops>(SLW_EXT_EXEC);
    if (exec == nullptr) return;
    slw_container* c = open_container();
    const std::string id = new_container_id(), process = kProcess;
    slw_exec_request request = exec_request(id, process);
    request.flags = UINT32_C(1) << 31;
    const slw_call call = no_limits();
    slw_process_info info{};
    info.struct_size = sizeof(info);
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_INVALID_ARGUMENT, exec->start(c, &call, &request, &info, err.get()), err));
}

TEST_F(Exec, AnExecThatNeverWasIsNotFoundAndReleasedAllTheSame) {
    const auto* exec = table<slw_exec_ops>(SLW_EXT_EXEC);
    if (exec == nullptr) return;
    slw_container* c = open_container();
    const std::string id = new_container_id();
    const slw_call call = no_limits();
    ErrorBuffer signalled, resized, printed;

    EXPECT_TRUE(failed_with(SLW_ERR_NOT_FOUND, exec->signal(c, id.c_str(), 9, signalled.get()), signalled));
    EXPECT_TRUE(failed_with(SLW_ERR_NOT_FOUND, exec->resize(c, id.c_str(), 24, 80, resized.get()), resized));
    slipway::StringSink out;
    EXPECT_TRUE(failed_with(SLW_ERR_NOT_FOUND, exec->output(c, id.c_str(), out.get(), printed.get()), printed));
    for (int i = 0; i < 2; ++i) {
        ErrorBuffer err;
        EXPECT_TRUE(succeeded(exec->release(c, &call, id.c_str(), err.get()), err));
    }
}

}  // namespace conformance
