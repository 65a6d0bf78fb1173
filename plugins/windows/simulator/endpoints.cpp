// Endpoints of computenetwork: addresses from the network's pool, published ports that are the host's only once.
#include "network_calls.hpp"

#include <documents/ipv4.hpp>

#include <cstdio>

namespace slipway::simulated_hcs {
namespace {

using windows_backend::Ipv4Subnet;

bool address_in_use(const Host& host, const Guid& network, const std::string& address) {
    for (const auto& [id, endpoint] : host.endpoints) {
        if (endpoint.network == network && endpoint.address == address) return true;
    }
    return false;
}

Answer give_address(Host& host, const Guid& id, Network& network, Endpoint& endpoint) {
    const auto subnet = *Ipv4Subnet::parse(network.subnet);
    endpoint.prefix = subnet.length;
    const json wanted = endpoint.document.value("IpConfigurations", json::array());
    if (!wanted.empty()) {
        endpoint.address = wanted[0]["IpAddress"];
        const auto parsed = windows_backend::parse_ipv4(endpoint.address);
        if (!parsed || !subnet.contains(*parsed) || wanted[0].value("PrefixLength", 0U) != subnet.length) {
            return {raw::kHcnInvalidIp, "the address is not in the subnet"};
        }
        if (address_in_use(host, id, endpoint.address)) return {raw::kHcnAddressReserved, "the address is in use"};
        return {};
    }
    for (uint32_t tried = subnet.first(); tried <= subnet.last(); ++tried) {
        if (network.next_address > subnet.last()) network.next_address = subnet.first();
        const std::string candidate = windows_backend::ipv4_text(network.next_address++);
        if (candidate == network.gateway || address_in_use(host, id, candidate)) continue;
        endpoint.address = candidate;
        return {};
    }
    return {raw::kHcnAddressReserved, "no free address"};
}

bool port_in_use(const Host& host, int64_t protocol, int64_t port) {
    for (const auto& [id, endpoint] : host.endpoints) {
        if (endpoint.ports.count({protocol, port}) != 0) return true;
    }
    return false;
}

Answer give_ports(Host& host, Endpoint& endpoint) {
    for (json& policy : endpoint.document["Policies"]) {
        if (policy["Type"] != "PortMapping") continue;
        json& settings = policy["Settings"];
        const int64_t protocol = settings["Protocol"];
        if (settings["InternalPort"] == 0) return {raw::kHcnInvalidInternalPort, "internal port 0"};
        int64_t port = settings.value("ExternalPort", int64_t{0});
        if (port == 0) {
            for (port = 49152; port_in_use(host, protocol, port) || endpoint.ports.count({protocol, port}) != 0;)
                ++port;
            settings["ExternalPort"] = port;
        }
        if (port_in_use(host, protocol, port) || !endpoint.ports.insert({protocol, port}).second) {
            return {raw::kHcnPortAlreadyExists, "the port already exists"};
        }
    }
    return {};
}

std::string mac_for(const std::string& address) {
    char mac[18];
    const uint32_t bits = windows_backend::parse_ipv4(address).value_or(0);
    std::snprintf(mac, sizeof(mac), "00-15-5D-%02X-%02X-%02X", bits >> 16 & 0xFF, bits >> 8 & 0xFF, bits & 0xFF);
    return mac;
}

Hresult create_endpoint(raw::Handle network, const Guid& id, raw::Text settings, raw::Handle* out, char16_t** error) {
    return answered("HcnCreateEndpoint", error, [&](Host& host) -> Answer {
        const auto network_id = host.find<Guid>(network, Kind::kNetwork, "HcnCreateEndpoint");
        if (!network_id) return {raw::kInvalidHandle, "bad handle"};
        const auto document = checked(settings, check_endpoint);
        if (!document.problem.empty()) return {raw::kHcnInvalidJson, document.problem};
        const auto found = host.networks.find(*network_id);
        if (found == host.networks.end()) return {raw::kHcnNetworkNotFound, "no such network"};
        if (host.endpoints.count(id) != 0) return {raw::hresult(0x800700B7), "exists already"};
        Endpoint endpoint;
        endpoint.network = *network_id;
        endpoint.document = document.value;
        if (!endpoint.document.contains("Policies")) endpoint.document["Policies"] = json::array();
        if (const Answer given = give_address(host, *network_id, found->second, endpoint); given.result != raw::kOk) {
            return given;
        }
        if (const Answer given = give_ports(host, endpoint); given.result != raw::kOk) return given;
        endpoint.mac = document.value.value("MacAddress", mac_for(endpoint.address));
        host.endpoints[id] = endpoint;
        *out = host.add_handle(Kind::kEndpoint, std::make_shared<Guid>(id));
        return {};
    });
}

Hresult open_endpoint(const Guid& id, raw::Handle* out, char16_t** error) {
    return answered("HcnOpenEndpoint", error, [&](Host& host) -> Answer {
        if (host.endpoints.count(id) == 0) return {raw::kHcnEndpointNotFound, "no such endpoint"};
        *out = host.add_handle(Kind::kEndpoint, std::make_shared<Guid>(id));
        return {};
    });
}

json endpoint_properties(const Host& host, const Guid& id, const Endpoint& endpoint) {
    const auto network = host.networks.find(endpoint.network);
    json properties = {
        {"ID", id.text()},
        {"Name", endpoint.document["Name"]},
        {"HostComputeNetwork", endpoint.network.text()},
        {"MacAddress", endpoint.mac},
        {"IpConfigurations", json::array({{{"IpAddress", endpoint.address}, {"PrefixLength", endpoint.prefix}}})},
        {"Policies", endpoint.document["Policies"]}};
    if (network != host.networks.end()) {
        properties["Routes"] =
            json::array({{{"NextHop", network->second.gateway}, {"DestinationPrefix", "0.0.0.0/0"}}});
        properties["Dns"] = {{"ServerList", {network->second.gateway}}};
    }
    if (endpoint.document.contains("Dns")) properties["Dns"].update(endpoint.document["Dns"]);
    for (const auto& [guid, name_space] : host.name_spaces) {
        if (name_space.endpoints.count(id) != 0) properties["HostComputeNamespace"] = guid.text();
    }
    return properties;
}

Hresult query_endpoint(raw::Handle handle, raw::Text query, char16_t** properties, char16_t** error) {
    return answered("HcnQueryEndpointProperties", error, [&](Host& host) -> Answer {
        const auto id = host.find<Guid>(handle, Kind::kEndpoint, "HcnQueryEndpointProperties");
        if (!id) return {raw::kInvalidHandle, "bad handle"};
        if (!is_query(query)) return {raw::kHcnInvalidJson, "not a query"};
        const auto found = host.endpoints.find(*id);
        if (found == host.endpoints.end()) return {raw::kHcnEndpointNotFound, "no such endpoint"};
        *properties = host.give_text(endpoint_properties(host, *id, found->second).dump(), TextOwner::kHcn);
        return {};
    });
}

Hresult delete_endpoint(const Guid& id, char16_t** error) {
    return answered("HcnDeleteEndpoint", error, [&](Host& host) -> Answer {
        if (host.has_adapter(id)) return {raw::kHcnStillReferenced, "a machine has an adapter on it"};
        if (host.endpoints.erase(id) == 0) return {raw::kHcnEndpointNotFound, "no such endpoint"};
        for (auto& [guid, name_space] : host.name_spaces) name_space.endpoints.erase(id);
        return {};
    });
}

Hresult close_endpoint(raw::Handle handle) {
    return closed<Guid>(handle, Kind::kEndpoint, "HcnCloseEndpoint");
}

Hresult enumerate_endpoints(raw::Text query, char16_t** endpoints, char16_t** error) {
    return answered("HcnEnumerateEndpoints", error, [&](Host& host) -> Answer {
        if (!is_query(query)) return {raw::kHcnInvalidJson, "not a query"};
        json list = json::array();
        for (const auto& [id, endpoint] : host.endpoints) list.push_back(id.text());
        *endpoints = host.give_text(list.dump(), TextOwner::kHcn);
        return {};
    });
}

}  // namespace

void add_endpoint_functions(raw::HostApi& api) {
    api.HcnEnumerateEndpoints = enumerate_endpoints;
    api.HcnCreateEndpoint = create_endpoint;
    api.HcnOpenEndpoint = open_endpoint;
    api.HcnQueryEndpointProperties = query_endpoint;
    api.HcnDeleteEndpoint = delete_endpoint;
    api.HcnCloseEndpoint = close_endpoint;
}

}  // namespace slipway::simulated_hcs
