#include <net/bridge_device.hpp>
#include <sys/netns_sysctl.hpp>

#include <algorithm>
#include <cstdio>
#include <random>

namespace slipway::linux_backend {

namespace {

constexpr const char* kAlias = "slipway";

// Locally administered. It only has to differ from the other bridges this host might be joined to.
std::string random_mac() {
    std::random_device random;
    const uint32_t bits = random();
    char text[18];
    std::snprintf(text, sizeof text, "02:42:%02x:%02x:%02x:%02x", bits >> 24, (bits >> 16) & 0xff, (bits >> 8) & 0xff,
                  bits & 0xff);
    return text;
}

Result<bool> has_ports(NetlinkSocket& route, int bridge) {
    Result<std::vector<LinkInfo>> links = list_links(route);
    if (!links) return std::move(links).error();
    return std::any_of(links->begin(), links->end(), [&](const LinkInfo& link) { return link.master == bridge; });
}

Error overlap(Ipv4Prefix wanted, Ipv4Prefix other) {
    return Error(ErrorCode::kConflict,
                 "subnet " + wanted.subnet_string() + " overlaps " + other.to_string() + " of another device")
        .with_resource(wanted.subnet_string());
}

}  // namespace

Result<std::optional<LinkInfo>> find_bridge(NetlinkSocket& route, const std::string& name) {
    Result<std::optional<LinkInfo>> link = find_link(route, name);
    if (link && *link && (*link)->kind != "bridge") {
        return Error(ErrorCode::kConflict, "device '" + name + "' exists and is not a bridge").with_resource(name);
    }
    return link;
}

bool is_our_bridge(const LinkInfo& link) {
    return link.kind == "bridge" && link.alias == kAlias;
}

Result<std::optional<Ipv4Prefix>> bridge_address(NetlinkSocket& route, int link) {
    Result<std::vector<AddressInfo>> addresses = list_addresses(route);
    if (!addresses) return std::move(addresses).error();
    for (const AddressInfo& address : *addresses) {
        if (address.link == link) return std::optional<Ipv4Prefix>(address.prefix);
    }
    return std::optional<Ipv4Prefix>();
}

Status set_up_bridge(const std::string& name, bool ours) {
    if (ours) {
        for (const char* setting : {"accept_ra", "disable_ipv6"}) {
            const std::string value = std::string(setting) == "accept_ra" ? "0" : "1";
            Status done = write_optional_net_sysctl("ipv6/conf/" + name + "/" + setting, value);
            if (!done) return done;
        }
    }
    return write_net_sysctl("ipv4/conf/" + name + "/route_localnet", "1");
}

Result<LinkInfo> make_bridge(NetlinkSocket& route, const std::string& name, uint32_t mtu) {
    // In one send, so that no end of this process can leave a bridge of ours without its mark.
    std::vector<NetlinkMessage> messages;
    messages.push_back(new_bridge(name, random_mac(), mtu));
    messages.push_back(set_alias(name, kAlias));
    if (Status made = route.transact(messages); !made) return std::move(made).error();

    Result<std::optional<LinkInfo>> link = find_bridge(route, name);
    if (!link) return std::move(link).error();
    if (!*link) return Error(ErrorCode::kConflict, "bridge '" + name + "' was removed meanwhile").with_resource(name);
    if (Status settings = set_up_bridge(name, true); !settings) {
        (void)route.transact(delete_link((*link)->index));
        return std::move(settings).error();
    }
    return **link;
}

Status address_bridge(NetlinkSocket& route, const LinkInfo& bridge, Ipv4Prefix address) {
    Result<std::vector<AddressInfo>> addresses = list_addresses(route);
    if (!addresses) return std::move(addresses).error();

    bool present = false;
    std::vector<NetlinkMessage> messages;
    for (const AddressInfo& other : *addresses) {
        if (other.link != bridge.index) {
            if (other.prefix.overlaps(address)) return overlap(address, other.prefix);
        } else if (other.prefix == address) {
            present = true;
        } else {
            messages.push_back(delete_address(bridge.index, other.prefix));
        }
    }
    if (!messages.empty()) {
        Result<bool> in_use = has_ports(route, bridge.index);
        if (!in_use) return std::move(in_use).error();
        if (*in_use) {
            return Error(ErrorCode::kConflict,
                         "bridge '" + bridge.name + "' is in use with another address than " + address.to_string())
                .with_resource(bridge.name);
        }
    }
    if (!present) messages.push_back(new_address(bridge.index, address));
    messages.push_back(set_up(bridge.name));
    return route.transact(messages);
}

Result<std::vector<Ipv4Prefix>> used_subnets(NetlinkSocket& route) {
    Result<std::vector<Ipv4Prefix>> used = list_destinations(route);
    if (!used) return used;
    Result<std::vector<AddressInfo>> addresses = list_addresses(route);
    if (!addresses) return std::move(addresses).error();
    for (const AddressInfo& address : *addresses) used->push_back(address.prefix);
    return used;
}

}  // namespace slipway::linux_backend
