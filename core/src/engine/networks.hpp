// core/src/engine/networks.hpp - the built-in networks, bridge, host and none for Linux containers, nat and none for
// Windows containers: stable ids, and the first of them, the default, made by its backend when a container first needs
// it.
#pragma once

#include "engine/lock_order.hpp"
#include "store/store.hpp"

#include <slipway/core/backend.hpp>
#include <slipway/core/engine.hpp>

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace slipway::core {

class Networks {
public:
    // Loads the networks for containers of this system and makes up what is missing. With `bridge_disabled` there is no
    // bridge (or nat) and the default is "none". `damaged` receives the records that could not be read.
    static Result<std::unique_ptr<Networks>> open(std::shared_ptr<Store> store, const std::string& image_os,
                                                  bool bridge_disabled, std::vector<DamagedRow>& damaged);

    std::vector<NetworkRecord> all() const;  // by name
    // By name, id or unique id prefix. kNotFound "network <ref> not found".
    Result<NetworkRecord> find(const std::string& ref) const;

    // The network a HostConfig.NetworkMode means. kNotFound "network <mode> not found".
    Result<NetworkRecord> for_mode(const std::string& mode) const;

    // Has the network made by `backend` unless that was done already in this life of the daemon. The answer is complete
    // (subnet, gateway). Networks without interfaces (host, none) need no backend.
    Result<NetworkRecord> ensure(Backend& backend, const CallContext& call, const NetworkRecord& network);

    // The next ensure() asks the backend again: something about the network was not as it should be.
    void doubt(const Backend& backend, const std::string& network_id);

private:
    explicit Networks(std::shared_ptr<Store> store) : store_(std::move(store)) {}

    std::shared_ptr<Store> store_;
    bool bridge_disabled_ = false;
    std::string default_;  // name of the default network where it is not disabled
    // Calls into the backend are made under `making_`, readers only take `mutex_`.
    using Making = RankedMutex<LockRank::kNetworks>;
    using Mutex = RankedMutex<LockRank::kContainer>;
    Making making_;
    mutable Mutex mutex_;
    std::vector<NetworkRecord> networks_;                  // guarded by mutex_
    std::set<std::pair<std::string, std::string>> ready_;  // (backend, network id); guarded by mutex_
};

// The document of sdk/include/slipway/network.h.
nlohmann::json network_document(const NetworkRecord& network);

}  // namespace slipway::core
