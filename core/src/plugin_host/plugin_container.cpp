// Process and stream calls; the others are in plugin_container_mount.cpp, _network.cpp and _exec.cpp.
#include "plugin_host/plugin_container.hpp"

namespace slipway::core {
namespace {

uint32_t create_flags(const CreateParams& params) {
    return (params.tty ? SLW_CREATE_TTY : 0U) | (params.open_stdin ? SLW_CREATE_OPEN_STDIN : 0U) |
           (params.stdin_once ? SLW_CREATE_STDIN_ONCE : 0U);
}

uint32_t attach_flags(const AttachParams& params) {
    return (params.want_stdin ? SLW_ATTACH_STDIN : 0U) | (params.want_stdout ? SLW_ATTACH_STDOUT : 0U) |
           (params.want_stderr ? SLW_ATTACH_STDERR : 0U) | (params.multiplexed ? SLW_ATTACH_MULTIPLEXED : 0U) |
           (params.preamble.empty() ? 0U : SLW_ATTACH_REPLY_FIRST);
}

}  // namespace

slw_process_info empty_process_info() {
    slw_process_info info{};
    info.struct_size = sizeof(info);
    return info;
}

Result<ProcessInfo> process_info_from(const CallName& name, const slw_process_info& info) {
    if (info.pid < 0) return contract_error(name, "reported the pid " + std::to_string(info.pid));
    return ProcessInfo{info.pid, info.started_ns};
}

slw_attach_request attach_request_of(const AttachParams& params) {
    slw_attach_request request{};
    request.struct_size = sizeof(request);
    request.flags = attach_flags(params);
    request.stream = params.stream;
    request.preamble = text_of(params.preamble);
    request.early_input = text_of(params.early_input);
    request.detach_keys = text_of(params.detach_keys);
    return request;
}

PluginContainer::PluginContainer(std::shared_ptr<PluginInstance> plugin, slw_container* handle)
    : plugin_(std::move(plugin)), handle_(handle) {}

PluginContainer::~PluginContainer() {
    try {
        plugin_->create().container_close(handle_);
    } catch (...) {
        // A plugin that throws here has broken the contract; the handle is lost, the daemon goes on.
    }
}

Result<std::string> PluginContainer::build_spec(const CallContext& call, const nlohmann::json& request) {
    Result<std::string> text = request_text(request);
    if (!text) return text;
    const AbiLimits limits(call);
    const CallName name = plugin_->name(SLW_EXT_CREATE, "build_spec");
    Result<std::string> spec = invoke_for_text(name, [&](slw_sink* out, slw_error* err) {
        return plugin_->create().build_spec(handle_, limits.get(), text_of(*text), out, err);
    });
    // The document is the backend's own and comes back to it in create(), so its content is not looked at.
    if (spec && spec->empty()) return contract_error(name, "wrote an empty document");
    return spec;
}

Result<ProcessInfo> PluginContainer::create(const CallContext& call, const CreateParams& params) {
    slw_create_request request{};
    request.struct_size = sizeof(request);
    request.flags = create_flags(params);
    request.spec = text_of(params.spec);
    request.tty_rows = params.tty_rows;
    request.tty_cols = params.tty_cols;
    slw_log_target log{};
    if (params.log) {
        if (Status s = check_c_string("the log path", params.log->path); !s) return std::move(s).error();
        const std::string& attributes = params.log->attributes;
        if (Status s = check_c_string("the log attributes", attributes); !s) return std::move(s).error();
        log = {sizeof(log), params.log->max_files, params.log->path.c_str(), params.log->max_bytes,
               attributes.empty() ? nullptr : attributes.c_str()};
        request.log = &log;
    }
    const AbiLimits limits(call);
    const CallName name = plugin_->name(SLW_EXT_CREATE, "create");
    slw_process_info info = empty_process_info();
    Status status = invoke(
        name, [&](slw_error* err) { return plugin_->create().create(handle_, limits.get(), &request, &info, err); });
    if (!status) return std::move(status).error();
    return process_info_from(name, info);
}

Result<ProcessInfo> PluginContainer::start(const CallContext& call) {
    const AbiLimits limits(call);
    const CallName name = plugin_->name(SLW_EXT_CREATE, "start");
    slw_process_info info = empty_process_info();
    Status status =
        invoke(name, [&](slw_error* err) { return plugin_->create().start(handle_, limits.get(), &info, err); });
    if (!status) return std::move(status).error();
    return process_info_from(name, info);
}

Status PluginContainer::signal(int32_t signum) {
    return invoke(plugin_->name(SLW_EXT_CREATE, "signal"),
                  [&](slw_error* err) { return plugin_->create().signal(handle_, signum, err); });
}

Result<ProcessStatus> PluginContainer::status() {
    const CallName name = plugin_->name(SLW_EXT_CREATE, "status");
    slw_process_status out{};
    out.struct_size = sizeof(out);
    Status status = invoke(name, [&](slw_error* err) { return plugin_->create().status(handle_, &out, err); });
    if (!status) return std::move(status).error();
    return process_status_from(name, out);
}

Status PluginContainer::destroy(const CallContext& call) {
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_CREATE, "destroy"),
                  [&](slw_error* err) { return plugin_->create().destroy(handle_, limits.get(), err); });
}

Status PluginContainer::attach(const CallContext& call, const AttachParams& params) {
    if (!plugin_->stdio()) return unsupported(plugin_->info().name, "attaching to a container's streams");
    const slw_attach_request request = attach_request_of(params);
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_STDIO, "attach"),
                  [&](slw_error* err) { return plugin_->stdio()->attach(handle_, limits.get(), &request, err); });
}

Status PluginContainer::resize(uint16_t rows, uint16_t cols) {
    if (!plugin_->stdio()) return unsupported(plugin_->info().name, "resizing a container's terminal");
    return invoke(plugin_->name(SLW_EXT_STDIO, "resize"),
                  [&](slw_error* err) { return plugin_->stdio()->resize(handle_, rows, cols, err); });
}

Result<ProcessStatus> PluginContainer::adopt(const CallContext& call) {
    if (!plugin_->reconcile()) return unsupported(plugin_->info().name, "taking over containers after a restart");
    const AbiLimits limits(call);
    const CallName name = plugin_->name(SLW_EXT_RECONCILE, "adopt");
    slw_process_status out{};
    out.struct_size = sizeof(out);
    Status status =
        invoke(name, [&](slw_error* err) { return plugin_->reconcile()->adopt(handle_, limits.get(), &out, err); });
    if (!status) return std::move(status).error();
    return process_status_from(name, out);
}

Status PluginContainer::update(const CallContext& call, const nlohmann::json& request) {
    if (!plugin_->update()) return unsupported(plugin_->info().name, "changing the limits of a running container");
    Result<std::string> text = request_text(request);
    if (!text) return std::move(text).error();
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_UPDATE, "update"), [&](slw_error* err) {
        return plugin_->update()->update(handle_, limits.get(), text_of(*text), err);
    });
}

Result<ProcessStatus> process_status_from(const CallName& name, const slw_process_status& status) {
    ProcessStatus out;
    switch (status.state) {
        case SLW_PROCESS_NONE:
            out.state = ProcessState::kNone;
            break;
        case SLW_PROCESS_PARKED:
            out.state = ProcessState::kParked;
            break;
        case SLW_PROCESS_RUNNING:
            out.state = ProcessState::kRunning;
            break;
        case SLW_PROCESS_EXITED:
            out.state = ProcessState::kExited;
            break;
        default:
            return contract_error(name, "reported the unknown state " + std::to_string(status.state));
    }
    if (status.pid < 0) return contract_error(name, "reported the pid " + std::to_string(status.pid));
    out.pid = status.pid;
    out.started = status.started_ns;
    out.finished = status.finished_ns;
    out.exit_code = status.exit_code;
    out.oom_killed = status.oom_killed != 0;
    return out;
}

}  // namespace slipway::core
