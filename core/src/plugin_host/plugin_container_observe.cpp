// What a container uses, and its processes.
#include "plugin_host/plugin_container.hpp"

namespace slipway::core {

using nlohmann::json;

Result<json> PluginContainer::stats(const CallContext& call) {
    if (!plugin_->stats()) return unsupported(plugin_->info().name, "resource statistics (stats)");
    const AbiLimits limits(call);
    return invoke_for_json(
        plugin_->name(SLW_EXT_STATS, "read"), json::value_t::object,
        [&](slw_sink* out, slw_error* err) { return plugin_->stats()->read(handle_, limits.get(), out, err); });
}

Result<json> PluginContainer::top(const CallContext& call, const std::string& arguments) {
    if (!plugin_->top()) return unsupported(plugin_->info().name, "listing a container's processes (top)");
    const AbiLimits limits(call);
    const CallName name = plugin_->name(SLW_EXT_TOP, "list");
    Result<json> reply = invoke_for_json(name, json::value_t::object, [&](slw_sink* out, slw_error* err) {
        return plugin_->top()->list(handle_, limits.get(), text_of(arguments), out, err);
    });
    if (!reply) return reply;
    const auto titles = reply->find("Titles");
    const auto processes = reply->find("Processes");
    if (titles == reply->end() || !titles->is_array() || processes == reply->end() || !processes->is_array()) {
        return contract_error(name, "wrote no lists 'Titles' and 'Processes'");
    }
    for (const json& process : *processes) {
        if (!process.is_array() || process.size() != titles->size()) {
            return contract_error(name, "wrote a process with other fields than titles");
        }
    }
    return reply;
}

}  // namespace slipway::core
