// plugins/linux/src/process/exec_process.hpp - a further process in a running container, with a supervisor of its own.
#pragma once

#include <slipway/exec.h>

#include <container.hpp>
#include <process/supervisor_session.hpp>
#include <slipway/cpp/host.hpp>
#include <sys/unique_fd.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <string>

namespace slipway::linux_backend {

struct ExecProcess {
    std::string id;
    std::shared_ptr<SupervisorSession> session;
    UniqueFd capture;  // what the supervisor kept of its output; unset when nothing is kept
};

struct ExecOptions {
    std::string id;      // 64 hex digits
    uint32_t flags = 0;  // SLW_EXEC_*
    uint64_t capture_bytes = 0;
    uint16_t tty_rows = 0, tty_columns = 0;
    const slw_attach_request* client = nullptr;  // borrowed
};

// Joins name spaces, control groups and root of the running container, attaches the client and executes the command of
// `request` (slw_exec_ops.start). A failure leaves nothing.
Result<std::shared_ptr<ExecProcess>> start_exec(slw_container& c, const nlohmann::json& request,
                                                const ExecOptions& options, const CallLimits& limits);

// Kills it when it still runs. One that has ended lets its client know, and is left to hand the last bytes to a slow
// one.
void end_exec(ExecProcess& exec);

}  // namespace slipway::linux_backend
