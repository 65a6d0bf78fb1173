// plugins/linux/src/net/bridge_device.hpp - the bridge device itself.
#pragma once

#include <net/links.hpp>

#include <optional>
#include <string>

namespace slipway::linux_backend {

// The device of this name; nothing when there is none. kConflict when it is something else than a bridge.
Result<std::optional<LinkInfo>> find_bridge(NetlinkSocket& route, const std::string& name);

// Whether we made it, by its alias.
bool is_our_bridge(const LinkInfo& link);

// The bridge's first IPv4 address.
Result<std::optional<Ipv4Prefix>> bridge_address(NetlinkSocket& route, int link);

// A new bridge, marked as ours, with the settings of set_up_bridge(), but without address and down.
Result<LinkInfo> make_bridge(NetlinkSocket& route, const std::string& name, uint32_t mtu);

// Published ports on 127.0.0.1 need route_localnet; raw_prerouting of the firewall keeps it from opening the loopback
// net to the bridge. On a bridge of ours IPv6 and router advertisements are off as well (CVE-2020-13401).
Status set_up_bridge(const std::string& name, bool ours);

// Gives a bridge of ours this address and no other, and brings it up.
//   kConflict  the subnet overlaps another device's, or the bridge has other addresses and is in use
Status address_bridge(NetlinkSocket& route, const LinkInfo& bridge, Ipv4Prefix address);

// Subnets in use on this host: addresses and routes.
Result<std::vector<Ipv4Prefix>> used_subnets(NetlinkSocket& route);

}  // namespace slipway::linux_backend
