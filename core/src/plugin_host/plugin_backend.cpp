#include "plugin_host/plugin_backend.hpp"

#include "plugin_host/plugin_container.hpp"

namespace slipway::core {
namespace {

using nlohmann::json;

Result<std::vector<std::string>> strings_from(const CallName& name, const json& array) {
    std::vector<std::string> out;
    out.reserve(array.size());
    for (const json& item : array) {
        if (!item.is_string()) return contract_error(name, "wrote an array with something else than strings in it");
        out.push_back(item.get<std::string>());
    }
    return out;
}

Result<Holding> holding_from(const CallName& name, const json& item) {
    if (!item.is_object() || !item.contains("Id") || !item["Id"].is_string() || !item.contains("State") ||
        !item["State"].is_string()) {
        return contract_error(name, "wrote a holding without the strings \"Id\" and \"State\"");
    }
    Holding holding{item["Id"].get<std::string>(), item["State"].get<std::string>(), 0};
    const std::string& state = holding.state;
    if (state != "parked" && state != "running" && state != "exited" && state != "debris") {
        return contract_error(name, "wrote the unknown state '" + state + "'");
    }
    if (const auto pid = item.find("Pid"); pid != item.end()) {
        if (!pid->is_number_integer()) return contract_error(name, "wrote a \"Pid\" that is not a number");
        holding.pid = pid->get<int64_t>();
    }
    return holding;
}

}  // namespace

Result<VerifyResult> PluginBackend::verify(const CallContext& call, const json& config, const json& host_config,
                                           bool update) {
    const Result<std::string> text =
        request_text({{"Config", config}, {"HostConfig", host_config}, {"Update", update}});
    if (!text) return text.error();
    const AbiLimits limits(call);
    const CallName name = plugin_->name(SLW_EXT_CREATE, "verify");
    Result<json> reply = invoke_for_json(name, json::value_t::object, [&](slw_sink* out, slw_error* err) {
        return plugin_->create().verify(plugin_->backend(), limits.get(), text_of(*text), out, err);
    });
    if (!reply) return std::move(reply).error();

    const auto adapted = reply->find("HostConfig");
    if (adapted == reply->end() || !adapted->is_object()) {
        return contract_error(name, "wrote no object \"HostConfig\"");
    }
    VerifyResult result{std::move(*adapted), {}};
    if (const auto warnings = reply->find("Warnings"); warnings != reply->end() && !warnings->is_null()) {
        if (!warnings->is_array()) return contract_error(name, "wrote \"Warnings\" that are not an array");
        Result<std::vector<std::string>> texts = strings_from(name, *warnings);
        if (!texts) return std::move(texts).error();
        result.warnings = std::move(*texts);
    }
    return result;
}

Result<std::unique_ptr<BackendContainer>> PluginBackend::open_container(const ContainerDesc& desc) {
    for (const std::string* text : {&desc.id, &desc.name, &desc.state_dir, &desc.data_dir, &desc.user_namespace}) {
        if (Status s = check_c_string("the container's description", *text); !s) return std::move(s).error();
    }
    slw_container_desc request{};
    request.struct_size = sizeof(request);
    request.id = desc.id.c_str();
    request.name = desc.name.c_str();
    request.state_dir = desc.state_dir.c_str();
    request.data_dir = desc.data_dir.c_str();
    if (!desc.user_namespace.empty()) request.user_namespace = desc.user_namespace.c_str();
    const CallName name = plugin_->name(SLW_EXT_CREATE, "container_open");
    slw_container* handle = nullptr;
    Status status = invoke(name, [&](slw_error* err) {
        return plugin_->create().container_open(plugin_->backend(), &request, &handle, err);
    });
    if (!status) return std::move(status).error();
    if (handle == nullptr) return contract_error(name, "succeeded without a handle");
    return std::unique_ptr<BackendContainer>(std::make_unique<PluginContainer>(plugin_, handle));
}

Result<LayerInfo> PluginBackend::layer_import(const CallContext& call, const std::string& layer_id,
                                              const std::vector<std::string>& parents, const ByteSource& tar) {
    if (Status s = check_c_string("the layer id", layer_id); !s) return std::move(s).error();
    Result<std::vector<const char*>> ids = c_strings("a parent layer id", parents);
    if (!ids) return std::move(ids).error();
    const AbiLimits limits(call);
    const FunctionSource source(tar);
    slw_layer_info info{};
    info.struct_size = sizeof(info);
    Status status = invoke(plugin_->name(SLW_EXT_MOUNT, "layer_import"), [&](slw_error* err) {
        return plugin_->mount().layer_import(plugin_->backend(), limits.get(), layer_id.c_str(), ids->data(),
                                             ids->size(), source.get(), &info, err);
    });
    if (!status) return std::move(status).error();
    return LayerInfo{info.size_bytes, info.entry_count};
}

Result<LayerInfo> PluginBackend::layer_stat(const std::string& layer_id) {
    if (Status s = check_c_string("the layer id", layer_id); !s) return std::move(s).error();
    slw_layer_info info{};
    info.struct_size = sizeof(info);
    Status status = invoke(plugin_->name(SLW_EXT_MOUNT, "layer_stat"), [&](slw_error* err) {
        return plugin_->mount().layer_stat(plugin_->backend(), layer_id.c_str(), &info, err);
    });
    if (!status) return std::move(status).error();
    return LayerInfo{info.size_bytes, info.entry_count};
}

Status PluginBackend::layer_remove(const CallContext& call, const std::string& layer_id) {
    if (Status s = check_c_string("the layer id", layer_id); !s) return s;
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_MOUNT, "layer_remove"), [&](slw_error* err) {
        return plugin_->mount().layer_remove(plugin_->backend(), limits.get(), layer_id.c_str(), err);
    });
}

Result<std::vector<std::string>> PluginBackend::layer_list(const CallContext& call) {
    const AbiLimits limits(call);
    const CallName name = plugin_->name(SLW_EXT_MOUNT, "layer_list");
    Result<json> reply = invoke_for_json(name, json::value_t::array, [&](slw_sink* out, slw_error* err) {
        return plugin_->mount().layer_list(plugin_->backend(), limits.get(), out, err);
    });
    if (!reply) return std::move(reply).error();
    return strings_from(name, *reply);
}

Result<json> PluginBackend::network_create(const CallContext& call, const json& network) {
    const Result<std::string> text = request_text(network);
    if (!text) return text.error();
    const AbiLimits limits(call);
    return invoke_for_json(
        plugin_->name(SLW_EXT_NETWORK, "network_create"), json::value_t::object, [&](slw_sink* out, slw_error* err) {
            return plugin_->network().network_create(plugin_->backend(), limits.get(), text_of(*text), out, err);
        });
}

Status PluginBackend::network_remove(const CallContext& call, const json& network) {
    const Result<std::string> text = request_text(network);
    if (!text) return text.error();
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_NETWORK, "network_remove"), [&](slw_error* err) {
        return plugin_->network().network_remove(plugin_->backend(), limits.get(), text_of(*text), err);
    });
}

Result<std::vector<Holding>> PluginBackend::list_holdings(const CallContext& call) {
    if (!plugin_->reconcile()) return unsupported(plugin_->info().name, "finding containers after a restart");
    const AbiLimits limits(call);
    const CallName name = plugin_->name(SLW_EXT_RECONCILE, "list");
    Result<json> reply = invoke_for_json(name, json::value_t::array, [&](slw_sink* out, slw_error* err) {
        return plugin_->reconcile()->list(plugin_->backend(), limits.get(), out, err);
    });
    if (!reply) return std::move(reply).error();

    std::vector<Holding> holdings;
    for (const json& item : *reply) {
        Result<Holding> holding = holding_from(name, item);
        if (!holding) return std::move(holding).error();
        holdings.push_back(std::move(*holding));
    }
    return holdings;
}

Status PluginBackend::remove_holding(const CallContext& call, const std::string& container_id) {
    if (!plugin_->reconcile()) return unsupported(plugin_->info().name, "removing what an earlier daemon left");
    if (Status s = check_c_string("the container id", container_id); !s) return s;
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_RECONCILE, "remove"), [&](slw_error* err) {
        return plugin_->reconcile()->remove(plugin_->backend(), limits.get(), container_id.c_str(), err);
    });
}

}  // namespace slipway::core
