// plugins/linux/src/net/manager_state.hpp - what a NetworkManager knows; shared by network_manager.cpp and
// network_reconcile.cpp.
#pragma once

#include <net/endpoint.hpp>
#include <net/firewall_watch.hpp>
#include <net/links.hpp>
#include <net/network_manager.hpp>
#include <net/network_record.hpp>

#include <map>
#include <mutex>
#include <optional>

namespace slipway::linux_backend {

// One container's name space and its endpoints. Touched only by calls for that container, which are serialised; others
// read no more than `spec` and `netns`, which do not change.
struct SandboxState {
    // The same as process/ sees it, without ports.
    Result<Sandbox> view() const;

    SandboxSpec spec;
    UniqueFd netns;                      // unset in mode host, and after a restart without a process
    std::optional<NetlinkSocket> route;  // opened inside netns on first use after a restart
    std::vector<Endpoint> endpoints;
    bool live = true;  // false for the remains of a container that ended while no daemon ran
};

struct NetworkManager::State {
    State(const Host& the_host, const BackendConfig& the_config)
        : host(the_host), config(the_config), reaper(the_host), watch([this] { restore_firewalls(); }) {}

    BridgeDefaults defaults() const { return {config.bridge, config.bip}; }

    std::shared_ptr<SandboxState> find_sandbox(const std::string& id) const;
    // The network, made sure of on first use. `document` may come from network_create() or from an endpoint.
    Result<std::shared_ptr<BridgeNetwork>> open_network(const NetworkSpec& spec);
    // Asks whether a container's published ports are real.
    IsLive is_live() const;
    // Tables of the networks in use, and of the default one.
    std::vector<Firewall> firewalls() const;
    // Devices of the networks in use, and of the default one; those that exist.
    Result<std::vector<LinkInfo>> host_links_of_bridges() const;

    // Puts back what somebody deleted of the tables of the networks in use. Runs on the watch's thread.
    void restore_firewalls();
    // Begins to watch; without it a lost table comes back with the next published port.
    void watch_firewalls();

    // Counts an endpoint of a record as taken again and, for a live container, puts lost elements back.
    Status take_over(const std::string& id, bool live, Endpoint& endpoint);
    // Gives endpoints back until one refuses; that one and the rest stay in the list.
    Status release_endpoints(const std::string& id, SandboxState& sandbox);

    const Host& host;
    const BackendConfig& config;
    LinkReaper reaper;

    // Held while a network is made or removed, which no start waits for but the first on that network. Before mutex.
    std::mutex networks_mutex;
    mutable std::mutex mutex;
    std::map<std::string, std::shared_ptr<BridgeNetwork>> networks;  // by id; guarded by mutex
    std::map<std::string, std::shared_ptr<SandboxState>> sandboxes;  // by container id; guarded by mutex

    std::once_flag watched;
    FirewallWatch watch;  // last: its thread uses the others
};

}  // namespace slipway::linux_backend
