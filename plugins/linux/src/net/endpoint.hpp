// plugins/linux/src/net/endpoint.hpp - a sandbox's membership in one network.
#pragma once

#include <net/bridge_network.hpp>
#include <net/link_reaper.hpp>
#include <net/port_binding.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace slipway::linux_backend {

struct Endpoint {
    std::string network_id, endpoint_id;
    nlohmann::json network_document;         // as given to attach(), to open the network again after a restart
    std::shared_ptr<BridgeNetwork> network;  // null for the host and null drivers, which have nothing to undo
    Ipv4 address;
    std::string mac, host_link, guest_link;
    int host_index = 0;
    std::vector<PortBinding> ports;
    // Whether the ports were held and published by this process, so that its elements are known to be ours.
    bool holds_ports = false;
};

// What stays the same for all endpoints of a container.
struct EndpointOwner {
    std::string id, name;
    int netns = -1;
    NetlinkSocket& route;  // opened inside netns
    LinkReaper& reaper;
};

// Joins `owner` to a bridge: address, held ports, veth pair, guest configuration, published ports. All or nothing; what
// has to go again is handed to the reaper. On success the held sockets are appended to `held`.
Result<Endpoint> join_bridge(const EndpointOwner& owner, const EndpointSpec& spec,
                             std::shared_ptr<BridgeNetwork> network, const std::string& guest_link,
                             const IsLive& is_live, std::vector<UniqueFd>& held);

// Takes published ports back. One transaction.
Status unpublish(const std::string& container_id, const Endpoint& endpoint);

std::vector<Publication> publications_of(const Endpoint& endpoint);

// The answer of attach().
nlohmann::json describe(const Endpoint& endpoint);

// The `attempt`-th name for a container's host end: "slw" and 12 digits of the id, 15 characters, as long as a name may
// be. Later attempts replace the last digit by a letter past 'f', so that they are nobody else's first name.
std::string host_link_name(const std::string& container_id, unsigned attempt);
inline constexpr unsigned kHostLinkNames = 21;

// Whether a link of this name is one of the container's.
bool is_host_link_of(const std::string& container_id, const std::string& name);
// Whether it is anybody's.
bool is_host_link(const std::string& name);

}  // namespace slipway::linux_backend
