// Networks and name spaces of computenetwork. All calls are synchronous.
#include "network_calls.hpp"

#include <documents/ipv4.hpp>
#include <documents/network_documents.hpp>

namespace slipway::simulated_hcs {
namespace {

using windows_backend::Ipv4Subnet;

// A subnet of its own for a network that names none.
std::string choose_subnet(const Host& host) {
    for (int third = 16; third < 256; third += 16) {
        const std::string subnet = "172.21." + std::to_string(third) + ".0/20";
        bool taken = false;
        for (const auto& [guid, network] : host.networks) taken |= network.subnet == subnet;
        if (!taken) return subnet;
    }
    return "172.22.0.0/20";
}

Answer make_network(Host& host, const Guid& id, const json& document) {
    if (host.networks.count(id) != 0) return {raw::kHcnNetworkAlreadyExists, "a network of this id exists"};
    Network network;
    network.document = document;
    const json& ipams = document.value("Ipams", json::array());
    if (ipams.empty() || ipams[0].value("Subnets", json::array()).empty()) {
        network.subnet = choose_subnet(host);
        network.gateway = windows_backend::ipv4_text(Ipv4Subnet::parse(network.subnet)->first());
    } else {
        const json& subnet = ipams[0]["Subnets"][0];
        network.subnet = subnet["IpAddressPrefix"];
        network.gateway = subnet["Routes"][0]["NextHop"];
    }
    const auto parsed = Ipv4Subnet::parse(network.subnet);
    if (!parsed || !parsed->contains(*windows_backend::parse_ipv4(network.gateway))) {
        return {raw::kHcnInvalidSubnet, "the subnet or its gateway is not valid"};
    }
    for (const auto& [guid, other] : host.networks) {
        if (other.subnet == network.subnet) return {raw::kHcnNetworkAlreadyExists, "the subnet is in use"};
    }
    network.next_address = parsed->first() + 1;
    host.networks[id] = network;
    return {};
}

json network_properties(const Guid& id, const Network& network) {
    const json route = {{"NextHop", network.gateway}, {"DestinationPrefix", "0.0.0.0/0"}};
    const json subnet = {{"IpAddressPrefix", network.subnet}, {"Routes", json::array({route})}};
    const json ipam = {{"Subnets", json::array({subnet})}};
    json properties = {{"ID", id.text()},
                       {"Name", network.document["Name"]},
                       {"Ipams", json::array({ipam})},
                       {"Extra", json::object()}};
    if (network.document["Type"] != "NAT") properties["Type"] = network.document["Type"];  // may be missing for NAT
    return properties;
}

Hresult create_network(const Guid& id, raw::Text settings, raw::Handle* out, char16_t** error) {
    return answered("HcnCreateNetwork", error, [&](Host& host) -> Answer {
        const auto document = checked(settings, check_network);
        if (!document.problem.empty()) return {raw::kHcnInvalidJson, document.problem};
        const Answer made = make_network(host, id, document.value);
        if (made.result == raw::kOk) *out = host.add_handle(Kind::kNetwork, std::make_shared<Guid>(id));
        return made;
    });
}

Hresult open_network(const Guid& id, raw::Handle* out, char16_t** error) {
    return answered("HcnOpenNetwork", error, [&](Host& host) -> Answer {
        if (host.networks.count(id) == 0) return {raw::kHcnNetworkNotFound, "no such network"};
        *out = host.add_handle(Kind::kNetwork, std::make_shared<Guid>(id));
        return {};
    });
}

Hresult query_network(raw::Handle handle, raw::Text query, char16_t** properties, char16_t** error) {
    return answered("HcnQueryNetworkProperties", error, [&](Host& host) -> Answer {
        const auto id = host.find<Guid>(handle, Kind::kNetwork, "HcnQueryNetworkProperties");
        if (!id) return {raw::kInvalidHandle, "bad handle"};
        if (!is_query(query)) return {raw::kHcnInvalidJson, "not a query"};
        const auto found = host.networks.find(*id);
        if (found == host.networks.end()) return {raw::kHcnNetworkNotFound, "no such network"};
        *properties = host.give_text(network_properties(*id, found->second).dump(), TextOwner::kHcn);
        return {};
    });
}

Hresult delete_network(const Guid& id, char16_t** error) {
    return answered("HcnDeleteNetwork", error, [&](Host& host) -> Answer {
        if (host.networks.count(id) == 0) return {raw::kHcnNetworkNotFound, "no such network"};
        for (const auto& [guid, endpoint] : host.endpoints) {
            if (endpoint.network == id) return {raw::kHcnStillReferenced, "endpoints exist"};
        }
        host.networks.erase(id);
        return {};
    });
}

Hresult close_network(raw::Handle handle) {
    return closed<Guid>(handle, Kind::kNetwork, "HcnCloseNetwork");
}

Hresult enumerate_networks(raw::Text query, char16_t** networks, char16_t** error) {
    return answered("HcnEnumerateNetworks", error, [&](Host& host) -> Answer {
        if (!is_query(query)) return {raw::kHcnInvalidJson, "not a query"};
        json list = json::array();
        for (const auto& [id, network] : host.networks) list.push_back(id.text());
        *networks = host.give_text(list.dump(), TextOwner::kHcn);
        return {};
    });
}

Hresult create_namespace(const Guid& id, raw::Text settings, raw::Handle* out, char16_t** error) {
    return answered("HcnCreateNamespace", error, [&](Host& host) -> Answer {
        const auto document = checked(settings, check_namespace);
        if (!document.problem.empty()) return {raw::kHcnInvalidJson, document.problem};
        if (host.name_spaces.count(id) != 0) return {raw::hresult(0x800700B7), "exists already"};
        host.name_spaces[id].compartment = host.next_compartment++;
        *out = host.add_handle(Kind::kNamespace, std::make_shared<Guid>(id));
        return {};
    });
}

Hresult open_namespace(const Guid& id, raw::Handle* out, char16_t** error) {
    return answered("HcnOpenNamespace", error, [&](Host& host) -> Answer {
        if (host.name_spaces.count(id) == 0) return {raw::kElementNotFound, "no such name space"};
        *out = host.add_handle(Kind::kNamespace, std::make_shared<Guid>(id));
        return {};
    });
}

Answer move_endpoint(Host& host, NameSpace& name_space, const Guid& endpoint, bool add) {
    if (host.endpoints.count(endpoint) == 0) return {raw::kHcnEndpointNotFound, "no such endpoint"};
    if (!add) {
        if (name_space.endpoints.erase(endpoint) == 0) return {raw::kHcnEndpointNotAttached, "not in this name space"};
        return {};
    }
    for (const auto& [guid, other] : host.name_spaces) {
        if (other.endpoints.count(endpoint) != 0) return {raw::kHcnEndpointInNamespace, "in a name space already"};
    }
    name_space.endpoints.insert(endpoint);
    return {};
}

Hresult modify_namespace(raw::Handle handle, raw::Text settings, char16_t** error) {
    return answered("HcnModifyNamespace", error, [&](Host& host) -> Answer {
        const auto id = host.find<Guid>(handle, Kind::kNamespace, "HcnModifyNamespace");
        if (!id) return {raw::kInvalidHandle, "bad handle"};
        const auto document = checked(settings, check_namespace_change);
        if (!document.problem.empty()) return {raw::kHcnInvalidJson, document.problem};
        const auto found = host.name_spaces.find(*id);
        if (found == host.name_spaces.end()) return {raw::kElementNotFound, "no such name space"};
        const auto endpoint = Guid::parse(document.value["Settings"]["EndpointId"].get<std::string>());
        return move_endpoint(host, found->second, *endpoint, document.value["RequestType"] == "Add");
    });
}

Hresult query_namespace(raw::Handle handle, raw::Text query, char16_t** properties, char16_t** error) {
    return answered("HcnQueryNamespaceProperties", error, [&](Host& host) -> Answer {
        const auto id = host.find<Guid>(handle, Kind::kNamespace, "HcnQueryNamespaceProperties");
        if (!id) return {raw::kInvalidHandle, "bad handle"};
        if (!is_query(query)) return {raw::kHcnInvalidJson, "not a query"};
        const auto found = host.name_spaces.find(*id);
        if (found == host.name_spaces.end()) return {raw::kElementNotFound, "no such name space"};
        json resources = json::array();
        for (const Guid& endpoint : found->second.endpoints) {
            resources.push_back({{"Type", "Endpoint"}, {"Data", {{"Id", endpoint.text()}}}});
        }
        const json answer = {
            {"ID", id->text()},       {"NamespaceId", found->second.compartment},      {"Type", "Host"},
            {"Resources", resources}, {"SchemaVersion", {{"Major", 2}, {"Minor", 0}}}, {"Extra", json::object()}};
        *properties = host.give_text(answer.dump(), TextOwner::kHcn);
        return {};
    });
}

Hresult delete_namespace(const Guid& id, char16_t** error) {
    return answered("HcnDeleteNamespace", error, [&](Host& host) -> Answer {
        const auto found = host.name_spaces.find(id);
        if (found == host.name_spaces.end()) return {raw::kElementNotFound, "no such name space"};
        if (!found->second.used_by.empty()) return {raw::kHcnStillReferenced, "a container runs in it"};
        host.name_spaces.erase(found);
        return {};
    });
}

Hresult close_namespace(raw::Handle handle) {
    return closed<Guid>(handle, Kind::kNamespace, "HcnCloseNamespace");
}

}  // namespace

Hresult answered(const char* function, char16_t** error, const std::function<Answer(Host&)>& body) {
    Host& host = Host::get();
    Lock lock(host.mutex);
    if (error != nullptr) *error = nullptr;
    Rule rule;
    const Hresult entered = host.enter(function, lock, &rule);
    Answer answer = entered == raw::kOk ? body(host) : Answer{entered, "injected"};
    if (rule.action == Action::kErrorRecord) answer.message = rule.message.empty() ? "injected" : rule.message;
    if (error != nullptr && !answer.message.empty()) {
        const json record = {
            {"Success", false}, {"Error", answer.message}, {"ErrorCode", static_cast<uint32_t>(answer.result)}};
        *error = host.give_text(record.dump(), TextOwner::kHcn);
    }
    return answer.result;
}

Document checked(raw::Text text, Problem (*check)(const json&)) {
    Document document;
    document.value = json::parse(text_of(text), nullptr, false);
    if (document.value.is_discarded()) {
        document.problem = "document: is not JSON";
    } else if (const Problem problem = check(document.value)) {
        document.problem = *problem;
    }
    return document;
}

bool is_query(raw::Text query) {
    const json parsed = json::parse(text_of(query), nullptr, false);
    Problem problem;
    Checker(parsed, "", problem).only({"SchemaVersion", "Flags", "Filter"}).text("Filter").number("Flags", 0, 1);
    return !problem;
}

void add_network_functions(raw::HostApi& api) {
    api.HcnEnumerateNetworks = enumerate_networks;
    api.HcnCreateNetwork = create_network;
    api.HcnOpenNetwork = open_network;
    api.HcnQueryNetworkProperties = query_network;
    api.HcnDeleteNetwork = delete_network;
    api.HcnCloseNetwork = close_network;
    api.HcnCreateNamespace = create_namespace;
    api.HcnOpenNamespace = open_namespace;
    api.HcnModifyNamespace = modify_namespace;
    api.HcnQueryNamespaceProperties = query_namespace;
    api.HcnDeleteNamespace = delete_namespace;
    api.HcnCloseNamespace = close_namespace;
}

}  // namespace slipway::simulated_hcs
