// plugins/linux/src/net/links.hpp - devices, addresses and routes by rtnetlink: one function per request or query.
#pragma once

#include <net/ipv4.hpp>
#include <sys/netlink.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

struct LinkInfo {
    int index = 0;
    std::string name, kind, alias;  // kind: "bridge", "veth", ...; empty for hardware
    int master = 0;                 // index of the bridge it is a port of
    int peer = 0;                   // veth: index of the other end, in its own name space
};

struct AddressInfo {
    int link = 0;
    Ipv4Prefix prefix;
};

// Absent is success with nothing in it.
Result<std::optional<LinkInfo>> find_link(NetlinkSocket& route, const std::string& name);
Result<std::vector<LinkInfo>> list_links(NetlinkSocket& route);
Result<std::vector<AddressInfo>> list_addresses(NetlinkSocket& route);
// Destinations of all routes but default ones.
Result<std::vector<Ipv4Prefix>> list_destinations(NetlinkSocket& route);

// A veth pair whose far end is born inside another name space: no move, which would wait for several grace periods.
struct VethPlan {
    std::string host_name, guest_name;
    int bridge = 0;  // index; the host end is its port from the first moment; 0 for none
    int netns = -1;  // where the guest end lives
    std::string guest_mac;
    uint32_t mtu = 0;  // 0: the default
};

NetlinkMessage new_bridge(const std::string& name, const std::string& mac, uint32_t mtu);
NetlinkMessage set_alias(const std::string& name, const std::string& alias);
NetlinkMessage set_up(const std::string& name);
NetlinkMessage new_veth(const VethPlan& plan);
// Lets the bridge send frames back out of the port they came from, which a container needs to reach its own published
// port where bridged traffic passes the firewall (br_netfilter).
NetlinkMessage set_hairpin(const std::string& name);
NetlinkMessage set_group(int index, uint32_t group);
NetlinkMessage new_address(int link, Ipv4Prefix prefix);
NetlinkMessage delete_address(int link, Ipv4Prefix prefix);
NetlinkMessage new_default_route(int link, Ipv4 gateway);
NetlinkMessage delete_link(int index);
NetlinkMessage delete_group(uint32_t group);

}  // namespace slipway::linux_backend
