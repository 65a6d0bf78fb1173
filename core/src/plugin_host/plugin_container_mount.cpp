#include "plugin_host/plugin_container.hpp"

namespace slipway::core {

Result<std::vector<const char*>> c_strings(const char* what, const std::vector<std::string>& texts) {
    std::vector<const char*> out;
    out.reserve(texts.size());
    for (const std::string& text : texts) {
        if (Status s = check_c_string(what, text); !s) return std::move(s).error();
        out.push_back(text.c_str());
    }
    return out;
}

Status PluginContainer::root_call(const CallContext& call, const char* function, const std::vector<std::string>& layers,
                                  uint32_t flags, decltype(slw_mount_ops::root_mount) op) {
    Result<std::vector<const char*>> ids = c_strings("a layer id", layers);
    if (!ids) return std::move(ids).error();
    const slw_root_request request{sizeof(slw_root_request), flags, ids->data(), ids->size()};
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_MOUNT, function),
                  [&](slw_error* err) { return op(handle_, limits.get(), &request, err); });
}

Status PluginContainer::root_create(const CallContext& call, const std::vector<std::string>& layers) {
    return root_call(call, "root_create", layers, 0, plugin_->mount().root_create);
}

Status PluginContainer::root_mount(const CallContext& call, const std::vector<std::string>& layers, bool read_only) {
    return root_call(call, "root_mount", layers, read_only ? SLW_ROOT_READ_ONLY : 0U, plugin_->mount().root_mount);
}

Status PluginContainer::root_remove(const CallContext& call) {
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_MOUNT, "root_remove"),
                  [&](slw_error* err) { return plugin_->mount().root_remove(handle_, limits.get(), err); });
}

Status PluginContainer::root_unmount(const CallContext& call) {
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_MOUNT, "root_unmount"),
                  [&](slw_error* err) { return plugin_->mount().root_unmount(handle_, limits.get(), err); });
}

Result<uint64_t> PluginContainer::root_size(const CallContext& call) {
    const AbiLimits limits(call);
    uint64_t bytes = 0;
    Status status = invoke(plugin_->name(SLW_EXT_MOUNT, "root_size"), [&](slw_error* err) {
        return plugin_->mount().root_size(handle_, limits.get(), &bytes, err);
    });
    if (!status) return std::move(status).error();
    return bytes;
}

Result<nlohmann::json> PluginContainer::root_diff(const CallContext& call) {
    if (plugin_->mount().root_diff == nullptr) {
        return unsupported(plugin_->info().name, "listing what a container changed in its file system");
    }
    const AbiLimits limits(call);
    return invoke_for_json(
        plugin_->name(SLW_EXT_MOUNT, "root_diff"), nlohmann::json::value_t::array,
        [&](slw_sink* out, slw_error* err) { return plugin_->mount().root_diff(handle_, limits.get(), out, err); });
}

Result<slw_mount_request> mount_request_of(const MountParams& params) {
    if (params.source) {
        if (Status s = check_c_string("the mount source", *params.source); !s) return std::move(s).error();
    }
    if (Status s = check_c_string("the mount target", params.target); !s) return std::move(s).error();
    if (Status s = check_c_string("the mount propagation", params.propagation); !s) return std::move(s).error();

    slw_mount_request request{};
    request.struct_size = sizeof(request);
    request.flags = params.flags;
    request.source = params.source ? params.source->c_str() : nullptr;
    request.target = params.target.c_str();
    request.propagation = params.propagation.empty() ? nullptr : params.propagation.c_str();
    request.limit_bytes = params.limit_bytes;
    request.mode = params.mode;
    return request;
}

Result<uint64_t> PluginContainer::mount(const CallContext& call, const MountParams& params) {
    const Result<slw_mount_request> request = mount_request_of(params);
    if (!request) return request.error();
    const AbiLimits limits(call);
    const CallName name = plugin_->name(SLW_EXT_MOUNT, "mount");
    uint64_t id = 0;
    Status status = invoke(
        name, [&](slw_error* err) { return plugin_->mount().mount(handle_, limits.get(), &*request, &id, err); });
    if (!status) return std::move(status).error();
    if (id == 0) return contract_error(name, "gave the mount id 0");
    return id;
}

Status PluginContainer::unmount(const CallContext& call, uint64_t id) {
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_MOUNT, "unmount"),
                  [&](slw_error* err) { return plugin_->mount().unmount(handle_, limits.get(), id, err); });
}

}  // namespace slipway::core
