// slw.create/1. create() makes the compute system, start() starts it and the first process in it: Windows cannot park a
// process. The network is ready before, because the system is born into its name space.
#include <ops/made_system.hpp>
#include <ops/ops_common.hpp>

#include <documents/hosted_document.hpp>
#include <documents/isolation.hpp>
#include <documents/process_document.hpp>
#include <documents/verify.hpp>
#include <documents/vm_document.hpp>
#include <hcs/errors.hpp>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

constexpr const char* kWaitingToMake = "waiting for other containers to be made";

slw_status SLW_CALL verify_config(slw_backend* b, const slw_call*, slw_text request, slw_sink* out,
                                  slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const Result<json> parsed = parse_object(request, "request");
        if (!parsed) return parsed.error();
        const Result<json> answer = verify(*parsed, b->processors);
        if (!answer) return answer.error();
        return write_to(out, answer->dump());
    });
}

slw_status SLW_CALL container_open(slw_backend* b, const slw_container_desc* desc, slw_container** out,
                                   slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (desc == nullptr || out == nullptr || !SLW_HAS(desc, slw_container_desc, data_dir)) {
            return Error(ErrorCode::kInvalidArgument, "container description is too small");
        }
        if (!is_object_id(desc->id)) {
            return Error(ErrorCode::kInvalidArgument, "the container id is not 64 lower-case hex digits");
        }
        auto container = std::make_unique<slw_container>(*b, desc->id, desc->name, desc->state_dir, desc->data_dir);
        if (Status added = b->containers.add(*container); !added) return added;
        *out = container.release();
        return ok();
    });
}

void SLW_CALL container_close(slw_container* c) noexcept {
    if (c == nullptr) return;
    c->backend.containers.remove(*c);
    delete c;
}

slw_status SLW_CALL build_spec(slw_container* c, const slw_call*, slw_text request, slw_sink* out,
                               slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const Result<json> parsed = parse_object(request, "request");
        if (!parsed) return parsed.error();
        const Result<json> process = process_parameters(*parsed);
        if (!process) return process.error();
        const std::string owner = c->backend.config.owner();
        json spec = {{"Process", *process}};
        if (is_hyperv(member_of(*parsed, "HostConfig"))) {
            spec["Machine"] = vm_document(*parsed, owner, c->backend.processors);
            spec["System"] = hosted_document(*parsed, owner);
        } else {
            spec["System"] = system_document(*parsed, owner, c->backend.processors);
        }
        return write_to(out, spec.dump());
    });
}

Result<SessionOptions> session_options(slw_container& c, const slw_create_request& request) {
    SessionOptions options;
    options.tty = (request.flags & SLW_CREATE_TTY) != 0;
    options.open_stdin = (request.flags & SLW_CREATE_OPEN_STDIN) != 0;
    options.stdin_once = (request.flags & SLW_CREATE_STDIN_ONCE) != 0;
    const slw_log_target* log = request.log;
    if (log != nullptr && SLW_HAS(log, slw_log_target, max_bytes) && log->path != nullptr) {
        LogTarget target{log->path, log->max_bytes, log->max_files};
        if (SLW_HAS(log, slw_log_target, attributes) && log->attributes != nullptr) target.attributes = log->attributes;
        auto writer = LogWriter::open(std::move(target));
        if (!writer) return std::move(writer).error();
        options.log = std::move(*writer);
    }
    options.on_end = [&host = c.backend.host, id = c.id](const ProcessEnd& end) {
        slw_event event{};
        event.struct_size = sizeof(event);
        event.kind = end.lost ? SLW_EVENT_LOST : SLW_EVENT_EXIT;
        event.container_id = id.c_str();
        event.unix_ns = end.unix_ns;
        event.exit_code = static_cast<int32_t>(end.exit_code);
        event.text = text_of(end.why);
        host.post(event);
    };
    return options;
}

Status create_system(slw_container& c, const slw_create_request& request, const CallLimits& call) {
    constexpr uint32_t kKnown = SLW_CREATE_TTY | SLW_CREATE_OPEN_STDIN | SLW_CREATE_STDIN_ONCE;
    if ((request.flags & ~kKnown) != 0) return Error(ErrorCode::kInvalidArgument, "create: unknown flag");
    const Result<json> spec = parse_object(request.spec, "spec");
    if (!spec) return spec.error();
    if (!member_of(*spec, "System").is_object() || !member_of(*spec, "Process").is_object()) {
        return Error(ErrorCode::kInvalidArgument, "the spec is not of this backend");
    }
    if (c.run()) return Error(ErrorCode::kConflict, "container " + c.id + " is created already").with_resource(c.id);
    Result<SessionOptions> options = session_options(c, request);
    if (!options) return std::move(options).error();
    const json process = with_console_size((*spec)["Process"], request.tty_rows, request.tty_cols);

    const Result<Gate::Place> place =
        c.backend.creates.enter(Limits(call, c.backend.config.timeouts.system), kWaitingToMake);
    if (!place) return place.error();
    Result<MadeSystem> made = make_system(c, *spec, call);
    if (!made) return std::move(made).error();
    auto run =
        std::make_shared<ContainerRun>(std::move(made->system), process, std::move(*options), std::move(made->machine));
    if (Status watched = run->watch(); !watched) {
        (void)run->end(c.backend.config.timeouts);
        return watched;
    }
    c.set_run(std::move(run));
    return ok();
}

slw_status SLW_CALL create(slw_container* c, const slw_call* call, const slw_create_request* request,
                           slw_process_info* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (request == nullptr || !SLW_HAS(request, slw_create_request, tty_cols)) {
            return Error(ErrorCode::kInvalidArgument, "create request is too small");
        }
        if (Status made = create_system(*c, *request, CallLimits(c->backend.host, call)); !made) return made;
        fill_info(out, c->run()->session().status());
        return ok();
    });
}

slw_status SLW_CALL start(slw_container* c, const slw_call* call, slw_process_info* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto run = c->run();
        if (!run) return Error(ErrorCode::kConflict, "container " + c->id + " is not created").with_resource(c->id);
        const CallLimits limits(c->backend.host, call);
        const Timeouts& timeouts = c->backend.config.timeouts;
        Status started = ok();
        {
            const Limits system_limits(limits, timeouts.system);
            const Result<Gate::Place> place = c->backend.creates.enter(system_limits, kWaitingToMake);
            if (!place) return place.error();
            started = run->start(system_limits, limits, timeouts.process);
        }
        if (!started) return started;
        fill_info(out, run->session().status());
        return ok();
    });
}

slw_status SLW_CALL send_signal_to(slw_container* c, int32_t signum, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (signum < 0 || signum > 64) {
            return Error(ErrorCode::kInvalidArgument, "invalid signal " + std::to_string(signum));
        }
        const auto run = c->run();
        if (!run || !run->is_running()) {
            return Error(ErrorCode::kNotFound, "container " + c->id + " is not running").with_resource(c->id);
        }
        return run->signal(signum);
    });
}

slw_status SLW_CALL status(slw_container* c, slw_process_status* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (out == nullptr || !SLW_HAS(out, slw_process_status, oom_killed)) {
            return Error(ErrorCode::kInvalidArgument, "no place for the status");
        }
        slw_process_status known{};
        if (const auto run = c->run()) known = run->session().status();
        known.struct_size = out->struct_size;
        *out = known;
        return ok();
    });
}

slw_status SLW_CALL destroy(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto run = c->run();
        if (run) {
            const Status ended = run->end(c->backend.config.timeouts);
            // The system ends with the handle that is closed now, whatever its termination answered.
            if (!ended) c->backend.host.warn("container " + c->id + ": " + ended.error().message() + ", closing it");
        }
        for (const auto& exec : c->take_all_execs()) {
            exec->system_gone("its container was destroyed");
            exec->release();
            (void)exec->wait_ended(std::chrono::milliseconds(4000));
        }
        c->set_run(nullptr);
        return ok();
    });
}

}  // namespace

const slw_create_ops kCreateOps = {
    sizeof(slw_create_ops),
    SLW_CREATE_NETWORK_FIRST | SLW_CREATE_LOG_ATTRIBUTES,
    verify_config,
    container_open,
    container_close,
    build_spec,
    create,
    start,
    send_signal_to,
    status,
    destroy,
};

}  // namespace slipway::windows_backend
