// The phases that connect a container.

#include "model/ports.hpp"
#include "names/identity.hpp"
#include "start/phases.hpp"

namespace slipway::core {

namespace {

bool has_interfaces(const NetworkRecord& network) {
    return network.driver != "host" && network.driver != "null";
}

nlohmann::json list_of(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_array() ? *found : nlohmann::json::array();
}

Result<nlohmann::json> endpoint_document(const StartContext& start, const NetworkRecord& network,
                                         const EndpointRecord& endpoint) {
    auto ports = published_ports(start.record.config, start.record.host_config);
    if (!ports) return std::move(ports).error();
    std::string mac;
    std::string address;
    if (endpoint.settings.is_object()) {
        mac = endpoint.settings.value("MacAddress", "");
        const auto ipam = endpoint.settings.find("IPAMConfig");
        if (ipam != endpoint.settings.end() && ipam->is_object()) address = ipam->value("IPv4Address", "");
    }
    if (mac.empty()) mac = start.record.config.value("MacAddress", "");
    return nlohmann::json{{"Network", network_document(network)},
                          {"EndpointId", endpoint.endpoint_id},
                          {"MacAddress", mac},
                          {"IPAddress", address},
                          {"Ports", to_endpoint_ports(*ports)}};
}

}  // namespace

Status create_sandbox(StartContext& start, const CallContext& call) {
    ContainerRecord& record = start.record;
    const bool disabled = record.config.value("NetworkDisabled", false);
    const bool joins = !start.network_owner.empty();
    auto network =
        joins ? Result<NetworkRecord>(NetworkRecord{})
              : start.services.networks.for_mode(disabled ? "none" : record.host_config.value("NetworkMode", ""));
    if (!network) return std::move(network).error();
    start.network = std::move(*network);
    const char* const own_mode = start.network.driver == "host" ? "host" : "private";
    const nlohmann::json document = {{"Mode", joins ? "container" : own_mode},
                                     {"Container", start.network_owner},
                                     {"Hostname", record.config.value("Hostname", "")},
                                     {"Domainname", record.config.value("Domainname", "")},
                                     {"Dns", list_of(record.host_config, "Dns")},
                                     {"DnsSearch", list_of(record.host_config, "DnsSearch")},
                                     {"DnsOptions", list_of(record.host_config, "DnsOptions")}};
    auto sandbox = start.handle.sandbox_create(call, document);
    if (!sandbox) return std::move(sandbox).error();
    record.sandbox_key = sandbox->value("SandboxKey", "");
    return ok();
}

Status destroy_sandbox(StartContext& start, const CallContext& call) {
    return start.handle.sandbox_destroy(call);
}

Status attach_networks(StartContext& start, const CallContext& call) {
    ContainerRecord& record = start.record;
    if (!start.network_owner.empty()) {
        record.endpoints.clear();
        return ok();
    }
    if (record.endpoints.empty() || record.endpoints.front().network_name != start.network.name) {
        record.endpoints = {
            EndpointRecord{start.network.name, start.network.id, "", nlohmann::json::object(), nullptr}};
    }
    EndpointRecord& endpoint = record.endpoints.front();
    endpoint.network_id = start.network.id;
    endpoint.endpoint_id = generate_id();
    endpoint.result = nlohmann::json::object();
    if (!has_interfaces(start.network)) return ok();

    auto network = start.services.networks.ensure(start.backend, call, start.network);
    if (!network) return std::move(network).error();
    auto document = endpoint_document(start, *network, endpoint);
    if (!document) return std::move(document).error();
    auto attached = start.handle.endpoint_attach(call, *document);
    if (!attached) {
        start.services.networks.doubt(start.backend, network->id);
        return std::move(attached).error();
    }
    endpoint.result = std::move(*attached);
    Status written = write_hosts(record, start.links);
    if (!written) {
        CallContext unlimited;
        if (Status undone = detach_networks(start, unlimited); !undone) start.container.needs_release = true;
    }
    return written;
}

Status detach_networks(StartContext& start, const CallContext& call) {
    if (!start.network_owner.empty() || !has_interfaces(start.network)) return ok();
    return start.handle.endpoint_detach(call, start.network.id);
}

}  // namespace slipway::core
