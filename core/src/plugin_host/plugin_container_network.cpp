#include "plugin_host/plugin_container.hpp"

namespace slipway::core {

using nlohmann::json;

Result<json> PluginContainer::sandbox_create(const CallContext& call, const json& sandbox) {
    const Result<std::string> text = request_text(sandbox);
    if (!text) return text.error();
    const AbiLimits limits(call);
    return invoke_for_json(
        plugin_->name(SLW_EXT_NETWORK, "sandbox_create"), json::value_t::object, [&](slw_sink* out, slw_error* err) {
            return plugin_->network().sandbox_create(handle_, limits.get(), text_of(*text), out, err);
        });
}

Status PluginContainer::sandbox_destroy(const CallContext& call) {
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_NETWORK, "sandbox_destroy"),
                  [&](slw_error* err) { return plugin_->network().sandbox_destroy(handle_, limits.get(), err); });
}

Result<json> PluginContainer::endpoint_attach(const CallContext& call, const json& endpoint) {
    const Result<std::string> text = request_text(endpoint);
    if (!text) return text.error();
    const AbiLimits limits(call);
    return invoke_for_json(
        plugin_->name(SLW_EXT_NETWORK, "endpoint_attach"), json::value_t::object, [&](slw_sink* out, slw_error* err) {
            return plugin_->network().endpoint_attach(handle_, limits.get(), text_of(*text), out, err);
        });
}

Status PluginContainer::endpoint_detach(const CallContext& call, const std::string& network_id) {
    if (Status s = check_c_string("the network id", network_id); !s) return s;
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_NETWORK, "endpoint_detach"), [&](slw_error* err) {
        return plugin_->network().endpoint_detach(handle_, limits.get(), network_id.c_str(), err);
    });
}

}  // namespace slipway::core
