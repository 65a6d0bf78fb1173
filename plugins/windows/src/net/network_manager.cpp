#include <net/network_manager.hpp>

#include <documents/json_access.hpp>
#include <documents/utf8_text.hpp>
#include <hcs/errors.hpp>

#include <fstream>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

Guid namespace_guid(const std::string& container_id) {
    return guid_of_id(container_id, "name space");
}

// What is not there is removed.
Status gone_is_fine(Status status) {
    if (!status && is_not_found(status.error())) return ok();
    return status;
}

json empty_answer() {
    return endpoint_answer(json::object(), {});
}

}  // namespace

NetworkManager::NetworkManager(Api api, Workers& workers, const Timeouts& timeouts, std::string tag,
                               const std::string& exec_root)
    : hcn_(std::move(api), workers),
      timeouts_(timeouts),
      tag_(std::move(tag)),
      records_(path_from_utf8(exec_root) / "namespaces") {}

fs::path NetworkManager::record_of(const std::string& container_id) const {
    return records_ / container_id;
}

Result<json> NetworkManager::create_network(const json& network, const CallLimits& call) {
    const Result<NetworkKind> kind = network_kind(network);
    if (!kind) return kind.error();
    if (*kind == NetworkKind::kNone) return network;
    const Result<json> document = hcn_network(network, tag_);
    if (!document) return document.error();
    const Guid id = guid_of_id(read_text(network, "Id"));
    Result<json> known = hcn_.query_network(id, limits(call));
    if (!known && is_not_found(known.error())) {
        const Status made = hcn_.create_network(id, *document, limits(call));
        if (!made && !is_already_there(made.error())) return made.error();
        known = hcn_.query_network(id, limits(call));
        // Somebody may have made it meanwhile; or what is there already is another network, with the same subnet.
        if (!known && !made && is_not_found(known.error())) return made.error();
        if (!known && made) (void)hcn_.delete_network(id, undo());
    }
    if (!known) return std::move(known).error();
    return network_answer(network, *known);
}

Status NetworkManager::remove_network(const json& network, const CallLimits& call) {
    const Result<NetworkKind> kind = network_kind(network);
    if (!kind) return kind.error();
    if (*kind == NetworkKind::kNone) return ok();
    return gone_is_fine(hcn_.delete_network(guid_of_id(read_text(network, "Id")), limits(call)));
}

Status NetworkManager::make_namespace(const std::string& container_id, const CallLimits& call) {
    std::error_code code;
    fs::create_directories(records_, code);
    std::ofstream record(record_of(container_id));
    record << namespace_guid(container_id).text() << "\n";
    record.close();
    if (!record) return Error(ErrorCode::kSystem, "write '" + utf8_of_path(record_of(container_id)) + "' failed");
    Status made = hcn_.create_namespace(namespace_guid(container_id), hcn_namespace(), limits(call));
    if (!made && is_already_there(made.error())) {  // of a run that ended badly
        (void)remove_container(container_id, call);
        made = hcn_.create_namespace(namespace_guid(container_id), hcn_namespace(), limits(call));
    }
    // One that is there still is found by its record alone.
    if (!made && !is_already_there(made.error())) fs::remove(record_of(container_id), code);
    return made;
}

Status NetworkManager::drop_namespace(const std::string& container_id) {
    Status dropped = gone_is_fine(hcn_.delete_namespace(namespace_guid(container_id), undo()));
    std::error_code ignored;
    if (dropped) fs::remove(record_of(container_id), ignored);
    return dropped;
}

Result<json> NetworkManager::create_sandbox(const std::string& container_id, const json& document,
                                            const std::string& joined, std::optional<Sandbox>& sandbox,
                                            const CallLimits& call) {
    const std::string mode = read_text(document, "Mode");
    if (mode == "host") {
        return Error(ErrorCode::kUnimplemented, "the host's network is not supported by the windows backend");
    }
    if (mode != "private" && mode != "container") {
        return Error(ErrorCode::kInvalidArgument, "invalid sandbox mode '" + mode + "'");
    }
    if (Status gone = destroy_sandbox(container_id, sandbox); !gone) return std::move(gone).error();
    Sandbox fresh;
    fresh.dns = dns_settings(document);
    if (mode == "container") {
        fresh.owner = read_text(document, "Container");
        fresh.name_space = joined;
    } else {
        if (Status made = make_namespace(container_id, call); !made) return std::move(made).error();
        fresh.name_space = namespace_guid(container_id).text();
    }
    sandbox = fresh;
    return json{{"SandboxKey", fresh.name_space}};
}

Status NetworkManager::destroy_sandbox(const std::string& container_id, std::optional<Sandbox>& sandbox) {
    if (!sandbox) return ok();
    Status first = ok();
    while (!sandbox->endpoints.empty()) {
        const auto [network, id] = *sandbox->endpoints.begin();
        Status dropped = drop_endpoint(sandbox->name_space, id);
        if (!dropped && first) first = dropped;
        if (!dropped) break;
        sandbox->endpoints.erase(network);
    }
    if (sandbox->owner.empty()) {
        Status dropped = drop_namespace(container_id);
        if (!dropped && first) first = dropped;
    }
    if (first) sandbox.reset();
    return first;
}

// Ranges are tried from their beginning; all that have one move on together.
Status NetworkManager::create_endpoint(const json& endpoint, const std::string& name, const Sandbox& sandbox,
                                       const Guid& network, const Guid& id, std::vector<PortWish>& ports,
                                       const CallLimits& call) {
    const std::vector<PortWish> wished = ports;
    bool replaced = false;
    while (true) {
        const Result<json> document = hcn_endpoint(endpoint, network.text(), name, sandbox.dns, ports);
        if (!document) return document.error();
        Status made = hcn_.create_endpoint(network, id, *document, limits(call));
        if (made) return made;
        if (is_already_there(made.error()) && !replaced) {  // of a run that ended badly
            replaced = true;
            if (Status dropped = gone_is_fine(hcn_.delete_endpoint(id, undo())); !dropped) return dropped;
            continue;
        }
        if (made.error().os().code == raw::kHcnAddressReserved && !read_text(endpoint, "IPAddress").empty()) {
            return std::move(made)
                .error()
                .with_code(ErrorCode::kConflict)
                .with_resource(read_text(endpoint, "IPAddress"));
        }
        if (made.error().os().code != raw::kHcnPortAlreadyExists) return made;
        bool moved = false;
        for (PortWish& port : ports) {
            if (port.host_port == 0 || port.host_port >= port.host_port_end) continue;
            ++port.host_port;
            moved = true;
        }
        if (!moved) {
            const std::string port = wished.empty() ? "" : std::to_string(wished.front().host_port);
            return std::move(made).error().context("port is already allocated").with_resource(port);
        }
    }
}

Result<json> NetworkManager::attach(const std::string& container_id, const json& endpoint, Sandbox& sandbox,
                                    const CallLimits& call) {
    const json& network = member_of(endpoint, "Network");
    const Result<NetworkKind> kind = network_kind(network);
    if (!kind) return kind.error();
    if (*kind == NetworkKind::kNone) return empty_answer();
    Result<std::vector<PortWish>> ports = port_wishes(endpoint);
    if (!ports) return std::move(ports).error();
    const std::string network_id = read_text(network, "Id");
    if (sandbox.endpoints.count(network_id) != 0) {
        return Error(ErrorCode::kConflict, "the container is on network " + network_id).with_resource(network_id);
    }
    const Guid network_guid = guid_of_id(network_id);
    const Guid id = guid_of_id(read_text(endpoint, "EndpointId"));
    const std::string name = tag_ + "-" + container_id + "-" + network_id.substr(0, 12);
    if (Status made = create_endpoint(endpoint, name, sandbox, network_guid, id, *ports, call); !made) {
        return std::move(made).error();
    }
    const Guid name_space = *Guid::parse(sandbox.name_space);
    Status added = hcn_.modify_namespace(name_space, namespace_endpoint_request("Add", id.text()), limits(call));
    Result<json> properties = added ? hcn_.query_endpoint(id, limits(call)) : Result<json>(std::move(added).error());
    if (!properties) {
        (void)drop_endpoint(sandbox.name_space, id);
        return std::move(properties).error();
    }
    sandbox.endpoints[network_id] = id;
    sandbox.nat = sandbox.nat || *kind == NetworkKind::kNat;
    return endpoint_answer(*properties, *ports);
}

Status NetworkManager::drop_endpoint(const std::string& name_space, const Guid& id) {
    const auto from = Guid::parse(name_space);
    // A name space that is gone or does not hold it is no obstacle; one that hangs must not keep the endpoint either.
    if (from) (void)hcn_.modify_namespace(*from, namespace_endpoint_request("Remove", id.text()), undo());
    return gone_is_fine(hcn_.delete_endpoint(id, undo()));
}

Status NetworkManager::detach(Sandbox& sandbox, const std::string& network_id) {
    const auto found = sandbox.endpoints.find(network_id);
    if (found == sandbox.endpoints.end()) return ok();
    Status dropped = drop_endpoint(sandbox.name_space, found->second);
    if (dropped) sandbox.endpoints.erase(found);
    return dropped;
}

Result<GuestNetwork> NetworkManager::describe(const Sandbox& sandbox, const CallLimits& call,
                                              const std::string& network_id) {
    GuestNetwork network;
    network.dns = sandbox.dns;
    Result<json> name_space = hcn_.query_namespace(*Guid::parse(sandbox.name_space), limits(call));
    if (!name_space) return std::move(name_space).error();
    network.name_space = std::move(*name_space);
    for (const auto& [its_network, id] : sandbox.endpoints) {
        if (!network_id.empty() && its_network != network_id) continue;
        Result<json> endpoint = hcn_.query_endpoint(id, limits(call));
        if (!endpoint) return std::move(endpoint).error();
        network.endpoints.push_back(std::move(*endpoint));
    }
    return network;
}

Result<std::set<std::string>> NetworkManager::containers_held(const CallLimits& call) {
    std::set<std::string> held;
    const auto endpoints = hcn_.list_endpoints(limits(call));
    if (!endpoints) return endpoints.error();
    const std::string prefix = tag_ + "-";
    for (const Guid& id : *endpoints) {
        const Result<json> properties = hcn_.query_endpoint(id, limits(call));
        if (!properties) continue;  // gone in the meantime, or somebody else's that cannot be read
        const std::string name = read_text(*properties, "Name");
        if (name.starts_with(prefix) && name.size() > prefix.size() + 64) held.insert(name.substr(prefix.size(), 64));
    }
    std::error_code none;
    for (const auto& record : fs::directory_iterator(records_, none)) held.insert(record.path().filename().string());
    return held;
}

Status NetworkManager::remove_container(const std::string& container_id, const CallLimits& call) {
    const auto endpoints = hcn_.list_endpoints(limits(call));
    if (!endpoints) return endpoints.error();
    Status first = ok();
    for (const Guid& id : *endpoints) {
        const Result<json> properties = hcn_.query_endpoint(id, limits(call));
        if (!properties) {
            // Whose it is is not known, so that none is left cannot be said.
            if (!is_not_found(properties.error()) && first) first = Status(properties.error());
            continue;
        }
        if (!read_text(*properties, "Name").starts_with(tag_ + "-" + container_id + "-")) continue;
        Status dropped = drop_endpoint(read_text(*properties, "HostComputeNamespace"), id);
        if (!dropped && first) first = dropped;
    }
    Status dropped = drop_namespace(container_id);
    return first ? dropped : first;
}

}  // namespace slipway::windows_backend
