// Pausing, and further processes in a running container.
#include "plugin_host/plugin_container.hpp"

namespace slipway::core {
namespace {

uint32_t exec_flags(const ExecParams& params) {
    return (params.tty ? SLW_EXEC_TTY : 0U) | (params.open_stdin ? SLW_EXEC_OPEN_STDIN : 0U) |
           (params.ends_with_host ? SLW_EXEC_ENDS_WITH_HOST : 0U);
}

constexpr const char* kPausing = "pausing containers";
constexpr const char* kExecuting = "running further commands in a container";

}  // namespace

Status PluginContainer::pause(const CallContext& call) {
    if (!plugin_->pause()) return unsupported(plugin_->info().name, kPausing);
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_PAUSE, "pause"),
                  [&](slw_error* err) { return plugin_->pause()->pause(handle_, limits.get(), err); });
}

Status PluginContainer::resume(const CallContext& call) {
    if (!plugin_->pause()) return unsupported(plugin_->info().name, kPausing);
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_PAUSE, "resume"),
                  [&](slw_error* err) { return plugin_->pause()->resume(handle_, limits.get(), err); });
}

Result<ProcessInfo> PluginContainer::exec_start(const CallContext& call, const ExecParams& params) {
    if (!plugin_->exec()) return unsupported(plugin_->info().name, kExecuting);
    if (Status s = check_c_string("the exec id", params.id); !s) return std::move(s).error();
    const Result<std::string> process = request_text(params.process);
    if (!process) return process.error();
    slw_attach_request client{};
    slw_exec_request request{};
    request.struct_size = sizeof(request);
    request.flags = exec_flags(params);
    request.exec_id = params.id.c_str();
    request.process = text_of(*process);
    request.capture_bytes = params.capture_bytes;
    request.tty_rows = params.tty_rows;
    request.tty_cols = params.tty_cols;
    if (params.client) {
        client = attach_request_of(*params.client);
        request.client = &client;
    }
    const AbiLimits limits(call);
    const CallName name = plugin_->name(SLW_EXT_EXEC, "start");
    slw_process_info info = empty_process_info();
    Status status = invoke(
        name, [&](slw_error* err) { return plugin_->exec()->start(handle_, limits.get(), &request, &info, err); });
    if (!status) return std::move(status).error();
    return process_info_from(name, info);
}

Status PluginContainer::exec_signal(const std::string& exec_id, int32_t signum) {
    if (!plugin_->exec()) return unsupported(plugin_->info().name, kExecuting);
    if (Status s = check_c_string("the exec id", exec_id); !s) return s;
    return invoke(plugin_->name(SLW_EXT_EXEC, "signal"),
                  [&](slw_error* err) { return plugin_->exec()->signal(handle_, exec_id.c_str(), signum, err); });
}

Status PluginContainer::exec_resize(const std::string& exec_id, uint16_t rows, uint16_t cols) {
    if (!plugin_->exec()) return unsupported(plugin_->info().name, kExecuting);
    if (Status s = check_c_string("the exec id", exec_id); !s) return s;
    return invoke(plugin_->name(SLW_EXT_EXEC, "resize"),
                  [&](slw_error* err) { return plugin_->exec()->resize(handle_, exec_id.c_str(), rows, cols, err); });
}

Result<std::string> PluginContainer::exec_output(const std::string& exec_id) {
    if (!plugin_->exec()) return unsupported(plugin_->info().name, kExecuting);
    if (Status s = check_c_string("the exec id", exec_id); !s) return std::move(s).error();
    return invoke_for_text(plugin_->name(SLW_EXT_EXEC, "output"), [&](slw_sink* out, slw_error* err) {
        return plugin_->exec()->output(handle_, exec_id.c_str(), out, err);
    });
}

Status PluginContainer::exec_release(const CallContext& call, const std::string& exec_id) {
    if (!plugin_->exec()) return unsupported(plugin_->info().name, kExecuting);
    if (Status s = check_c_string("the exec id", exec_id); !s) return s;
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_EXEC, "release"), [&](slw_error* err) {
        return plugin_->exec()->release(handle_, limits.get(), exec_id.c_str(), err);
    });
}

}  // namespace slipway::core
