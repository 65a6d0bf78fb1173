#include "handlers/handlers.hpp"

namespace slipway::api {
namespace {

using nlohmann::json;

json network_json(const core::NetworkRecord& network) {
    return {{"Name", network.name},
            {"Id", network.id},
            {"Created", core::to_rfc3339(network.created)},
            {"Scope", network.scope},
            {"Driver", network.driver},
            {"EnableIPv4", true},
            {"EnableIPv6", false},
            {"IPAM", network.ipam.is_object()
                         ? network.ipam
                         : json{{"Driver", "default"}, {"Options", nullptr}, {"Config", json::array()}}},
            {"Internal", network.internal},
            {"Attachable", false},
            {"Ingress", false},
            {"ConfigFrom", {{"Network", ""}}},
            {"ConfigOnly", false},
            {"Containers", json::object()},
            {"Options", network.options.is_object() ? network.options : json::object()},
            {"Labels", json::object()}};
}

std::string with_prefix_length(const json& result, const char* address, const char* length) {
    const std::string text = result.value(address, "");
    return text.empty() ? text : text + "/" + std::to_string(result.value(length, 0));
}

json attached_containers(const core::Engine& engine, const std::string& network_id) {
    json out = json::object();
    const Result<std::vector<core::RecordPtr>> records = engine.list_containers({});  // the running ones
    if (!records) return out;
    for (const core::RecordPtr& record : *records) {
        for (const core::EndpointRecord& endpoint : record->endpoints) {
            if (endpoint.network_id != network_id || !endpoint.result.is_object()) continue;
            out[record->id] = {
                {"Name", record->name},
                {"EndpointID", endpoint.endpoint_id},
                {"MacAddress", endpoint.result.value("MacAddress", "")},
                {"IPv4Address", with_prefix_length(endpoint.result, "IPAddress", "IPPrefixLen")},
                {"IPv6Address", with_prefix_length(endpoint.result, "GlobalIPv6Address", "GlobalIPv6PrefixLen")}};
        }
    }
    return out;
}

// Values of one key are alternatives; names and ids match by part, the rest exactly, as Docker does.
bool passes(const core::Filters& filters, const core::NetworkRecord& network) {
    for (const auto& [key, values] : filters) {
        bool any = values.empty();
        for (const std::string& value : values) {
            if (key == "name") any = any || network.name.find(value) != std::string::npos;
            if (key == "id") any = any || network.id.starts_with(value);
            if (key == "driver") any = any || network.driver == value;
            if (key == "scope") any = any || network.scope == value;
            // Only built-in networks exist, and none of them carries labels or counts as dangling.
            if (key == "type") any = any || value == "builtin";
            if (key == "dangling") any = any || value == "false" || value == "0";
        }
        if (!any) return false;
    }
    return true;
}

}  // namespace

Status handle_network_list(Exchange& exchange) {
    Result<core::Filters> filters =
        exchange.query.filters({"dangling", "driver", "id", "label", "name", "scope", "type"});
    if (!filters) return std::move(filters).error();
    json out = json::array();
    for (const core::NetworkRecord& network : exchange.engine().list_networks()) {
        if (passes(*filters, network)) out.push_back(network_json(network));
    }
    exchange.reply_json(200, out);
    return ok();
}

Status handle_network_inspect(Exchange& exchange) {
    const Result<core::NetworkRecord> network = exchange.engine().find_network(exchange.part("id"));
    if (!network) return network.error();
    json out = network_json(*network);
    out["Containers"] = attached_containers(exchange.engine(), network->id);
    exchange.reply_json(200, out);
    return ok();
}

}  // namespace slipway::api
