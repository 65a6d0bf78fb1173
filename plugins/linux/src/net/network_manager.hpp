// plugins/linux/src/net/network_manager.hpp - networks, sandboxes and endpoints of one backend instance.
//
// Everything this makes in the kernel can be found again by name, without a journal: bridges carry an alias, host ends
// of veth pairs are named "slw" + the first digits of the container id, and every published port is an element of our
// nftables table with the whole container id as its comment. state_dir/network.json of a container only holds what the
// kernel cannot tell: which address of which network it has, so that restore() can take it again.
#pragma once

#include <backend.hpp>
#include <container.hpp>

#include <nlohmann/json.hpp>

#include <sys/types.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace slipway::linux_backend {

class NetworkManager {
public:
    // Touches nothing. Both references must outlive the manager.
    NetworkManager(const Host& host, const BackendConfig& config);
    ~NetworkManager();
    NetworkManager(const NetworkManager&) = delete;
    NetworkManager& operator=(const NetworkManager&) = delete;

    // slw.network/1, documents as in sdk/include/slipway/network.h. All are safe on any thread; calls for one container
    // are serialised by the caller.
    Result<nlohmann::json> create_network(const nlohmann::json& network);
    Status remove_network(const nlohmann::json& network);
    Result<nlohmann::json> create_sandbox(slw_container& c, const nlohmann::json& sandbox);
    Status destroy_sandbox(slw_container& c);
    Result<nlohmann::json> attach(slw_container& c, const nlohmann::json& endpoint);
    Status detach(slw_container& c, const std::string& network_id);

    // Reconcile, for process/reconcile_ops.cpp.

    // Takes over what state_dir/network.json describes: addresses count as taken again, lost nftables elements are put
    // back, and c.sandbox is set. `pid` is the container's first process, whose network name space becomes
    // c.sandbox->netns; 0 when there is none (an exited container), which leaves netns unset. The sockets that hold the
    // published ports stay where they are, in the supervisor. No file is success and leaves c.sandbox unset.
    //   kDataLoss  the file cannot be read
    Status restore(slw_container& c, pid_t pid);

    // Removes whatever is named for `container_id`: nftables elements and host ends of veth pairs, in every network of
    // this instance. Idempotent, needs no open handle and no record. Waits for no deletion.
    Status cleanup_by_id(const std::string& container_id);

    // The same for all containers except those in `known`; for the end of a reconcile.
    Status sweep(const std::set<std::string>& known);

    // Ids of containers that own elements of our tables. Found in the kernel.
    Result<std::vector<std::string>> list();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace slipway::linux_backend
