// create_ops.cpp - slw.create/1: a "process" here is a state that signals 9 and 15 end.
#include <chrono>
#include <cstring>

#include "backend.hpp"

namespace example {
namespace {

using nlohmann::json;

int64_t unix_ns() {
    using namespace std::chrono;
    return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

Error wrong_state(const slw_container& c, const std::string& what) {
    return Error(ErrorCode::kConflict, "cannot " + what + " container " + c.id.substr(0, 12) + " in this state")
        .with_resource(c.id);
}

// Ends the process and tells the host. post() only queues, so the lock may be held.
void end_process(slw_container& c, int32_t exit_code) {
    c.process.state = SLW_PROCESS_EXITED;
    c.process.finished_ns = unix_ns();
    c.process.exit_code = exit_code;
    slw_event event{};
    event.struct_size = sizeof(event);
    event.kind = SLW_EVENT_EXIT;
    event.container_id = c.id.c_str();
    event.unix_ns = c.process.finished_ns;
    event.exit_code = exit_code;
    c.backend->host.post(event);
}

// Fills what the host has room for: it may be older and know fewer fields, its struct_size says so.
template <class T>
void copy_out(const T& from, T* to) {
    const uint32_t size = to->struct_size < sizeof(T) ? to->struct_size : static_cast<uint32_t>(sizeof(T));
    std::memcpy(reinterpret_cast<char*>(to) + sizeof(uint32_t), reinterpret_cast<const char*>(&from) + sizeof(uint32_t),
                size - sizeof(uint32_t));
}

void report(const slw_container& c, slw_process_info* out) {
    slw_process_info info{};
    info.started_ns = c.process.started_ns;
    copy_out(info, out);
}

slw_status SLW_CALL verify(slw_backend*, const slw_call*, slw_text request, slw_sink* out, slw_error* err) noexcept {
    return slipway::guarded(err, [&]() -> Status {
        const slipway::Result<json> document = object_from(request);
        if (!document) return document.error();
        const json host_config = document->value("HostConfig", json::object());
        if (host_config.value("Privileged", false)) {
            return Error(ErrorCode::kUnimplemented, "the example backend has no privileged containers");
        }
        return slipway::write_to(out, json{{"HostConfig", host_config}, {"Warnings", json::array()}}.dump());
    });
}

slw_status SLW_CALL container_open(slw_backend* b, const slw_container_desc* desc, slw_container** out,
                                   slw_error* err) noexcept {
    return locked(b, err, [&]() -> Status {
        slw_container& c = b->containers[desc->id];
        if (c.handle_open) return wrong_state(c, "open another handle for");
        c.backend = b;
        c.id = desc->id;
        c.handle_open = true;
        *out = &c;
        return ok();
    });
}

void SLW_CALL container_close(slw_container* c) noexcept {
    if (c == nullptr) return;
    locked(c->backend, nullptr, [&]() -> Status {
        c->handle_open = false;
        forget_if_empty(*c);
        return ok();
    });
}

slw_status SLW_CALL build_spec(slw_container*, const slw_call*, slw_text request, slw_sink* out,
                               slw_error* err) noexcept {
    return slipway::guarded(err, [&]() -> Status {
        const slipway::Result<json> document = object_from(request);
        if (!document) return document.error();
        const json spec = {{"path", document->value("Path", "")}, {"args", document->value("Args", json::array())}};
        return slipway::write_to(out, spec.dump());
    });
}

slw_status SLW_CALL create(slw_container* c, const slw_call* call, const slw_create_request* req, slw_process_info* out,
                           slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        if (Status s = refuse_unknown_flags(req->flags, SLW_CREATE_TTY | SLW_CREATE_OPEN_STDIN | SLW_CREATE_STDIN_ONCE);
            !s) {
            return s;
        }
        if (c->process.state != SLW_PROCESS_NONE) return wrong_state(*c, "create");
        if (Status s = slipway::CallLimits(c->backend->host, call).check(); !s) return s;
        c->process.state = SLW_PROCESS_PARKED;
        report(*c, out);
        return ok();
    });
}

slw_status SLW_CALL start(slw_container* c, const slw_call* call, slw_process_info* out, slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        if (c->process.state != SLW_PROCESS_PARKED) return wrong_state(*c, "start");
        if (Status s = slipway::CallLimits(c->backend->host, call).check(); !s) return s;
        c->process.state = SLW_PROCESS_RUNNING;
        c->process.started_ns = unix_ns();
        report(*c, out);
        return ok();
    });
}

slw_status SLW_CALL signal(slw_container* c, int32_t signum, slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        if (c->process.state != SLW_PROCESS_RUNNING) {
            return Error(ErrorCode::kNotFound, "container " + c->id.substr(0, 12) + " has no process");
        }
        if (signum < 1 || signum > 64) return Error(ErrorCode::kInvalidArgument, "no signal " + std::to_string(signum));
        if (signum == 9 || signum == 15) end_process(*c, 128 + signum);
        return ok();
    });
}

slw_status SLW_CALL status(slw_container* c, slw_process_status* out, slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        copy_out(c->process, out);
        return ok();
    });
}

slw_status SLW_CALL destroy(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        if (c->process.state == SLW_PROCESS_RUNNING) end_process(*c, 137);
        c->process = {};
        return ok();
    });
}

}  // namespace

void forget_if_empty(slw_container& c) {
    const bool empty = c.process.state == SLW_PROCESS_NONE && !c.has_root && !c.has_sandbox && c.mounts.empty();
    if (!c.handle_open && empty) c.backend->containers.erase(std::string(c.id));
}

const slw_create_ops kCreateOps = {sizeof(slw_create_ops),
                                   SLW_CREATE_PARKS | SLW_CREATE_NETWORK_FIRST,
                                   &verify,
                                   &container_open,
                                   &container_close,
                                   &build_spec,
                                   &create,
                                   &start,
                                   &signal,
                                   &status,
                                   &destroy};

}  // namespace example
