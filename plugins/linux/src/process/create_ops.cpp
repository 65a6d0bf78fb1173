// plugins/linux/src/process/create_ops.cpp - slw.create/1: checks what crosses the ABI and hands it to the classes
// beside.
#include <tables.hpp>

#include <cgroup/cgroup_manager.hpp>
#include <container.hpp>
#include <process/container_registry.hpp>
#include <process/create_container.hpp>
#include <process/exec_process.hpp>
#include <process/supervisor_session.hpp>
#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/text.hpp>
#include <spec/build_spec.hpp>
#include <spec/defaults.hpp>
#include <spec/json_access.hpp>
#include <spec/verify.hpp>

#include <signal.h>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

Result<json> parse_object(slw_text text, const char* what) {
    json value = json::parse(view_of(text), nullptr, false);
    if (value.is_object()) return value;
    return Error(ErrorCode::kInvalidArgument, std::string(what) + " is not a JSON object");
}

void fill(slw_process_info* out, const SupervisorSession& session) {
    if (out == nullptr || !SLW_HAS(out, slw_process_info, started_ns)) return;
    const slw_process_status status = session.status();
    out->pid = status.pid;
    out->started_ns = status.started_ns;
}

slw_status SLW_CALL verify_config(slw_backend* b, const slw_call*, slw_text request, slw_sink* out,
                                  slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const Result<json> parsed = parse_object(request, "request");
        if (!parsed) return parsed.error();
        const Result<json> answer = verify(*parsed, b->cgroups->support(), b->kernel());
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
        const std::string id = desc->id;
        if (id.size() != 64 || id.find_first_not_of("0123456789abcdef") != std::string::npos) {
            return Error(ErrorCode::kInvalidArgument, "container id '" + id + "' is not 64 lower-case hex digits");
        }
        auto container = std::make_unique<slw_container>(*b, id, desc->name, desc->state_dir, desc->data_dir);
        if (SLW_HAS(desc, slw_container_desc, user_namespace) && desc->user_namespace != nullptr) {
            Result<IdMap> map = parse_id_map(desc->user_namespace);
            if (!map) return std::move(map).error();
            container->id_map = std::move(*map);
        }
        const Status added = b->containers->add(*container);
        if (!added) return added;
        *out = container.release();
        return ok();
    });
}

void SLW_CALL container_close(slw_container* c) noexcept {
    if (c == nullptr) return;
    c->backend.containers->remove(*c);
    delete c;
}

slw_status SLW_CALL build_spec_document(slw_container* c, const slw_call*, slw_text request, slw_sink* out,
                                        slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const Result<json> parsed = parse_object(request, "request");
        if (!parsed) return parsed.error();
        const json& host_config = member_of(*parsed, "HostConfig");
        const Result<std::string> group = c->backend.cgroups->group_path(c->id, read_text(host_config, "CgroupParent"));
        if (!group) return group.error();
        SpecContext context{c->backend.kernel()};
        context.root_fd = c->root ? c->root->tree.get() : -1;
        context.cgroups_path = *group;
        for (const PreparedMount& mount : c->mounts) context.mount_targets.push_back(mount.target);
        context.cdi_directories = c->backend.config.cdi_directories;
        context.id_map = c->id_map ? &*c->id_map : nullptr;
        context.container_pid = [c](const std::string& id) { return c->backend.containers->pid_of(id); };
        const Result<json> spec = build_spec(with_defaults(*parsed, c->backend.config.defaults), context);
        if (!spec) return spec.error();
        return write_to(out, spec->dump());
    });
}

Result<CreateOptions> options_of(const slw_create_request& request) {
    constexpr uint32_t kKnown = SLW_CREATE_TTY | SLW_CREATE_OPEN_STDIN | SLW_CREATE_STDIN_ONCE;
    if ((request.flags & ~kKnown) != 0) return Error(ErrorCode::kInvalidArgument, "create: unknown flag");
    CreateOptions options;
    options.flags = request.flags;
    options.tty_rows = request.tty_rows;
    options.tty_columns = request.tty_cols;
    if (request.log != nullptr && SLW_HAS(request.log, slw_log_target, max_bytes) && request.log->path != nullptr) {
        options.log.path = request.log->path;
        options.log.max_bytes = request.log->max_bytes;
        options.log.max_files = request.log->max_files;
        if (SLW_HAS(request.log, slw_log_target, attributes) && request.log->attributes != nullptr) {
            options.log.attributes = request.log->attributes;
        }
        if (options.log.attributes.size() > SLW_LOG_ATTRIBUTES_BYTES) {
            return Error(ErrorCode::kInvalidArgument,
                         "log attributes are longer than " + std::to_string(SLW_LOG_ATTRIBUTES_BYTES) + " bytes");
        }
    }
    return options;
}

slw_status SLW_CALL create(slw_container* c, const slw_call* call, const slw_create_request* request,
                           slw_process_info* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (request == nullptr || !SLW_HAS(request, slw_create_request, tty_cols)) {
            return Error(ErrorCode::kInvalidArgument, "create request is too small");
        }
        const Result<CreateOptions> options = options_of(*request);
        if (!options) return options.error();
        const Result<json> spec = parse_object(request->spec, "spec");
        if (!spec) return spec.error();
        const Status created = create_container(*c, *spec, *options, CallLimits(c->backend.host, call));
        if (!created) return created;
        fill(out, *c->session());
        return ok();
    });
}

Result<std::shared_ptr<SupervisorSession>> session_of(const slw_container& c) {
    if (auto session = c.session()) return session;
    return Error(ErrorCode::kConflict, "container " + c.id + " is not created").with_resource(c.id);
}

slw_status SLW_CALL start(slw_container* c, const slw_call* call, slw_process_info* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const Result<std::shared_ptr<SupervisorSession>> session = session_of(*c);
        if (!session) return session.error();
        const Status started = (*session)->start(CallLimits(c->backend.host, call));
        if (!started) return started;
        fill(out, **session);
        return ok();
    });
}

slw_status SLW_CALL send_signal_to(slw_container* c, int32_t signum, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (signum < 0 || signum > SIGRTMAX) {
            return Error(ErrorCode::kInvalidArgument, "invalid signal " + std::to_string(signum));
        }
        const auto session = c->session();
        if (!session) return Error(ErrorCode::kNotFound, "container " + c->id + " is not running").with_resource(c->id);
        Status sent = session->signal(signum);
        // A frozen process of v1 dies when it is thawed.
        if (sent && signum == SIGKILL) (void)c->backend.cgroups->thaw(c->id);
        return sent;
    });
}

slw_status SLW_CALL status(slw_container* c, slw_process_status* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (out == nullptr || !SLW_HAS(out, slw_process_status, oom_killed)) {
            return Error(ErrorCode::kInvalidArgument, "no place for the status");
        }
        const auto session = c->session();
        slw_process_status known{};
        if (session) known = session->status();
        known.struct_size = out->struct_size;
        *out = known;
        return ok();
    });
}

slw_status SLW_CALL destroy(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto session = c->session();
        const auto execs = c->take_all_execs();
        for (const auto& exec : execs) exec->session->kill();
        const Status destroyed = destroy_container(c->backend, c->id, session.get());
        for (const auto& exec : execs) end_exec(*exec);
        if (destroyed) c->set_session(nullptr);
        return destroyed;
    });
}

}  // namespace

const slw_create_ops kCreateOps = {
    sizeof(slw_create_ops),
    SLW_CREATE_ACCEPTS_START_HOSTCONFIG | SLW_CREATE_PARKS | SLW_CREATE_NETWORK_FIRST | SLW_CREATE_USER_NAMESPACES |
        SLW_CREATE_LOG_ATTRIBUTES,
    verify_config,
    container_open,
    container_close,
    build_spec_document,
    create,
    start,
    send_signal_to,
    status,
    destroy,
};

}  // namespace slipway::linux_backend
