// plugins/windows/src/net/network_manager.hpp - networks, name spaces and endpoints of this daemon in the HNS.
#pragma once

#include <documents/network_documents.hpp>
#include <net/hcn_calls.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace slipway::windows_backend {

// The network side of one container.
struct Sandbox {
    std::string name_space;  // GUID
    std::string owner;       // id of the container whose name space it is, when it is joined
    DnsSettings dns;
    std::map<std::string, Guid> endpoints;  // by network id
    bool nat = false;                       // one of them is on a NAT network
};

// What the guest of a virtual machine has to know of it: properties as HCN tells them.
struct GuestNetwork {
    nlohmann::json name_space;
    std::vector<nlohmann::json> endpoints;
    DnsSettings dns;
};

// What the HNS holds outlives the daemon, so everything is named for the daemon's instance: networks
// "<tag>-<name>", endpoints "<tag>-<container id>-<network id>". Name spaces have no names: a file in
// <exec_root>\namespaces, written before the name space and removed after it, remembers each.
class NetworkManager {
public:
    NetworkManager(Api api, Workers& workers, const Timeouts& timeouts, std::string tag, const std::string& exec_root);

    Result<nlohmann::json> create_network(const nlohmann::json& network, const CallLimits& call);
    Status remove_network(const nlohmann::json& network, const CallLimits& call);

    // `joined`: the name space of the container to share with.
    Result<nlohmann::json> create_sandbox(const std::string& container_id, const nlohmann::json& document,
                                          const std::string& joined, std::optional<Sandbox>& sandbox,
                                          const CallLimits& call);
    // Empties `sandbox` when everything is gone. On failure what is left stays in it for another try.
    Status destroy_sandbox(const std::string& container_id, std::optional<Sandbox>& sandbox);

    Result<nlohmann::json> attach(const std::string& container_id, const nlohmann::json& endpoint, Sandbox& sandbox,
                                  const CallLimits& call);
    Status detach(Sandbox& sandbox, const std::string& network_id);

    // Of all endpoints, or of the one on `network_id`.
    Result<GuestNetwork> describe(const Sandbox& sandbox, const CallLimits& call, const std::string& network_id = {});

    // Ids of containers that endpoints or name spaces are named for.
    Result<std::set<std::string>> containers_held(const CallLimits& call);
    // Removes all of them that are this container's.
    Status remove_container(const std::string& container_id, const CallLimits& call);

private:
    Status make_namespace(const std::string& container_id, const CallLimits& call);
    Status drop_namespace(const std::string& container_id);
    Status create_endpoint(const nlohmann::json& endpoint, const std::string& name, const Sandbox& sandbox,
                           const Guid& network, const Guid& id, std::vector<PortWish>& ports, const CallLimits& call);
    Status drop_endpoint(const std::string& name_space, const Guid& id);
    std::filesystem::path record_of(const std::string& container_id) const;
    Limits limits(const CallLimits& call) const { return {call, timeouts_.network}; }
    Limits undo() const { return Limits(timeouts_.undo); }

    HcnCalls hcn_;
    const Timeouts& timeouts_;
    const std::string tag_;
    const std::filesystem::path records_;
};

}  // namespace slipway::windows_backend
