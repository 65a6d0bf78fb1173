// slw.exec/1: further processes in the system of a container.
#include <ops/ops_common.hpp>

#include <documents/process_document.hpp>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr uint64_t kMaxCapture = 1U << 20;
// For a host that never comes to release an exec that has ended.
constexpr milliseconds kLinger(5000);

Status check_request(const slw_exec_request* request) {
    if (request == nullptr || !SLW_HAS(request, slw_exec_request, tty_cols)) {
        return Error(ErrorCode::kInvalidArgument, "exec request is too small");
    }
    constexpr uint32_t kKnown = SLW_EXEC_TTY | SLW_EXEC_OPEN_STDIN | SLW_EXEC_ENDS_WITH_HOST;
    if ((request->flags & ~kKnown) != 0) return Error(ErrorCode::kInvalidArgument, "exec: unknown flag");
    if (!is_object_id(request->exec_id)) {
        return Error(ErrorCode::kInvalidArgument, "exec: the id is not 64 lower-case hex digits");
    }
    if (request->capture_bytes > kMaxCapture) {
        return Error(ErrorCode::kInvalidArgument, "exec: more than 1 MiB of output cannot be kept");
    }
    if (request->client != nullptr && !SLW_HAS(request->client, slw_attach_request, detach_keys)) {
        return Error(ErrorCode::kInvalidArgument, "exec: the client's request is too small");
    }
    return ok();
}

SessionOptions options_of(const slw_container& c, const slw_exec_request& request) {
    SessionOptions options;
    options.tty = (request.flags & SLW_EXEC_TTY) != 0;
    options.open_stdin = (request.flags & SLW_EXEC_OPEN_STDIN) != 0;
    options.stdin_once = true;
    options.capture_bytes = request.capture_bytes;
    options.linger = kLinger;
    options.on_end = [&host = c.backend.host, id = c.id, exec = std::string(request.exec_id)](const ProcessEnd& end) {
        slw_event event{};
        event.struct_size = sizeof(event);
        event.kind = SLW_EVENT_EXEC_EXIT;
        event.container_id = id.c_str();
        event.unix_ns = end.unix_ns;
        event.exit_code = static_cast<int32_t>(end.exit_code);
        event.text = text_of(exec);
        host.post(event);
    };
    return options;
}

slw_status SLW_CALL start(slw_container* c, const slw_call* call, const slw_exec_request* request,
                          slw_process_info* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (Status checked = check_request(request); !checked) return checked;
        const std::string exec_id = request->exec_id;
        if (c->find_exec(exec_id)) {
            return Error(ErrorCode::kConflict, "exec id " + exec_id + " is in use").with_resource(exec_id);
        }
        const Result<json> process = parse_object(request->process, "exec: process");
        if (!process) return process.error();
        const auto run = running(*c);
        if (!run) return run.error();
        Result<json> parameters = process_parameters(*process);
        if (!parameters) return std::move(parameters).error();
        *parameters = with_console_size(std::move(*parameters), request->tty_rows, request->tty_cols);
        auto session = std::make_shared<ProcessSession>(options_of(*c, *request));
        if (request->client != nullptr) {
            if (Status attached = session->attach(*request->client); !attached) return attached;
        }
        const Limits limits(CallLimits(c->backend.host, call), c->backend.config.timeouts.process);
        if (!c->add_exec(exec_id, session)) {
            return Error(ErrorCode::kConflict, "exec id " + exec_id + " is in use").with_resource(exec_id);
        }
        if (Status started = session->start((*run)->system(), *parameters, limits); !started) {
            (void)c->take_exec(exec_id);
            return started;
        }
        fill_info(out, session->status());
        return ok();
    });
}

Result<slw_container::Exec> find(const slw_container& c, const char* exec_id) {
    const std::string id = exec_id == nullptr ? "" : exec_id;
    if (auto exec = c.find_exec(id)) return exec;
    return Error(ErrorCode::kNotFound, "no exec " + id + " in container " + c.id).with_resource(id);
}

slw_status SLW_CALL send_signal_to(slw_container* c, const char* exec_id, int32_t signum, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto exec = find(*c, exec_id);
        if (!exec) return exec.error();
        return (*exec)->signal(signum);
    });
}

slw_status SLW_CALL resize(slw_container* c, const char* exec_id, uint16_t rows, uint16_t cols,
                           slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto exec = find(*c, exec_id);
        if (!exec) return exec.error();
        return (*exec)->resize(rows, cols, Limits(kQuickly));
    });
}

slw_status SLW_CALL output(slw_container* c, const char* exec_id, slw_sink* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto exec = find(*c, exec_id);
        if (!exec) return exec.error();
        return write_to(out, (*exec)->captured());
    });
}

slw_status SLW_CALL release(slw_container* c, const slw_call*, const char* exec_id, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto exec = c->take_exec(exec_id == nullptr ? "" : exec_id);
        if (!exec) return ok();
        (void)exec->signal(9);  // it has ended, or does so now
        (void)exec->wait_ended(milliseconds(4000));
        exec->release();
        return ok();
    });
}

}  // namespace

const slw_exec_ops kExecOps = {sizeof(slw_exec_ops), 0, start, send_signal_to, resize, output, release};

}  // namespace slipway::windows_backend
