// plugins/linux/src/process/exec_ops.cpp - slw.exec/1: checks what crosses the ABI and hands it to ExecProcess.
#include <tables.hpp>

#include <container.hpp>
#include <process/exec_process.hpp>
#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/text.hpp>

#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxCapture = 1U << 20;

bool is_id(const char* id) {
    const std::string_view text = id == nullptr ? "" : id;
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<ExecOptions> options_of(const slw_exec_request& request) {
    constexpr uint32_t kKnown = SLW_EXEC_TTY | SLW_EXEC_OPEN_STDIN | SLW_EXEC_ENDS_WITH_HOST;
    if ((request.flags & ~kKnown) != 0) return Error(ErrorCode::kInvalidArgument, "exec: unknown flag");
    if (!is_id(request.exec_id)) {
        return Error(ErrorCode::kInvalidArgument, "exec: the id is not 64 lower-case hex digits");
    }
    if (request.capture_bytes > kMaxCapture) {
        return Error(ErrorCode::kInvalidArgument, "exec: more than 1 MiB of output cannot be kept");
    }
    if (request.client != nullptr && !SLW_HAS(request.client, slw_attach_request, detach_keys)) {
        return Error(ErrorCode::kInvalidArgument, "exec: the client's request is too small");
    }
    ExecOptions options;
    options.id = request.exec_id;
    options.flags = request.flags;
    options.capture_bytes = request.capture_bytes;
    options.tty_rows = request.tty_rows;
    options.tty_columns = request.tty_cols;
    options.client = request.client;
    return options;
}

slw_status SLW_CALL start(slw_container* c, const slw_call* call, const slw_exec_request* request,
                          slw_process_info* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (request == nullptr || !SLW_HAS(request, slw_exec_request, tty_cols)) {
            return Error(ErrorCode::kInvalidArgument, "exec request is too small");
        }
        const Result<ExecOptions> options = options_of(*request);
        if (!options) return options.error();
        if (c->find_exec(options->id)) {
            return Error(ErrorCode::kConflict, "exec id " + options->id + " is in use").with_resource(options->id);
        }
        const json process = json::parse(view_of(request->process), nullptr, false);
        if (!process.is_object()) return Error(ErrorCode::kInvalidArgument, "exec: process is not a JSON object");
        const auto exec = start_exec(*c, process, *options, CallLimits(c->backend.host, call));
        if (!exec) return exec.error();
        if (out != nullptr && SLW_HAS(out, slw_process_info, started_ns)) {
            const slw_process_status status = (*exec)->session->status();
            out->pid = status.pid;
            out->started_ns = status.started_ns;
        }
        return ok();
    });
}

Result<std::shared_ptr<ExecProcess>> find(const slw_container& c, const char* exec_id) {
    const std::string id = exec_id == nullptr ? "" : exec_id;
    if (auto exec = c.find_exec(id)) return exec;
    return Error(ErrorCode::kNotFound, "no exec " + id + " in container " + c.id).with_resource(id);
}

slw_status SLW_CALL send_signal_to(slw_container* c, const char* exec_id, int32_t signum, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (signum < 0 || signum > SIGRTMAX) {
            return Error(ErrorCode::kInvalidArgument, "invalid signal " + std::to_string(signum));
        }
        const auto exec = find(*c, exec_id);
        if (!exec) return exec.error();
        return (*exec)->session->signal(signum);
    });
}

slw_status SLW_CALL resize(slw_container* c, const char* exec_id, uint16_t rows, uint16_t cols,
                           slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto exec = find(*c, exec_id);
        if (!exec) return exec.error();
        return (*exec)->session->resize(rows, cols);
    });
}

slw_status SLW_CALL output(slw_container* c, const char* exec_id, slw_sink* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto exec = find(*c, exec_id);
        if (!exec) return exec.error();
        if (!(*exec)->capture) return ok();
        std::string text;
        char buffer[4096];
        for (;;) {
            const ssize_t got = pread((*exec)->capture.get(), buffer, sizeof(buffer), static_cast<off_t>(text.size()));
            if (got < 0) return Error::from_errno(errno, "read the output of exec " + (*exec)->id);
            if (got == 0) break;
            text.append(buffer, static_cast<size_t>(got));
        }
        return text.empty() ? ok() : write_to(out, text);
    });
}

slw_status SLW_CALL release(slw_container* c, const slw_call*, const char* exec_id, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (const auto exec = c->take_exec(exec_id == nullptr ? "" : exec_id)) end_exec(*exec);
        return ok();
    });
}

}  // namespace

const slw_exec_ops kExecOps = {sizeof(slw_exec_ops), 0, start, send_signal_to, resize, output, release};

}  // namespace slipway::linux_backend
