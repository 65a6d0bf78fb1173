#include <net/links.hpp>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <arpa/inet.h>
#include <net/if.h>

namespace slipway::linux_backend {

namespace {

NetlinkMessage link_message(std::string label, uint16_t type, uint16_t flags, int index, unsigned up) {
    NetlinkMessage message(std::move(label), type, flags);
    auto& link = message.extra<ifinfomsg>();
    link.ifi_family = AF_UNSPEC;
    link.ifi_index = index;
    link.ifi_flags = up;
    link.ifi_change = up;
    return message;
}

void put_mac(NetlinkMessage& message, const std::string& mac) {
    uint8_t bytes[6];
    if (mac.empty() || !parse_mac(mac, bytes)) return;  // checked where the text came in
    message.put(IFLA_ADDRESS, bytes, sizeof bytes);
}

std::string quoted(const std::string& name) {
    return "'" + name + "'";
}

LinkInfo decode_link(const nlmsghdr* header) {
    LinkInfo info;
    info.index = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(header))->ifi_index;
    for (const nlattr* attr : attributes(header, sizeof(ifinfomsg))) {
        switch (mnl_attr_get_type(attr)) {
            case IFLA_IFNAME:
                info.name = mnl_attr_get_str(attr);
                break;
            case IFLA_IFALIAS:
                info.alias = mnl_attr_get_str(attr);
                break;
            case IFLA_MASTER:
                info.master = static_cast<int>(mnl_attr_get_u32(attr));
                break;
            case IFLA_LINK:
                info.peer = static_cast<int>(mnl_attr_get_u32(attr));
                break;
            case IFLA_LINKINFO: {
                for (const nlattr* inner : nested(attr)) {
                    if (mnl_attr_get_type(inner) == IFLA_INFO_KIND) info.kind = mnl_attr_get_str(inner);
                }
                break;
            }
            default:
                break;
        }
    }
    return info;
}

Ipv4 address_of(const nlattr* attr) {
    return {ntohl(mnl_attr_get_u32(attr))};
}

}  // namespace

Result<std::optional<LinkInfo>> find_link(NetlinkSocket& route, const std::string& name) {
    NetlinkMessage message = link_message("look up link " + quoted(name), RTM_GETLINK, 0, 0, 0);
    message.put_text(IFLA_IFNAME, name);
    Result<std::vector<NetlinkReply>> replies = route.query(std::move(message));
    if (!replies) {
        if (errno_of(replies.error()) == ENODEV) return std::optional<LinkInfo>();
        return std::move(replies).error();
    }
    if (replies->empty()) return std::optional<LinkInfo>();
    return std::optional<LinkInfo>(decode_link(replies->front().header()));
}

Result<std::vector<LinkInfo>> list_links(NetlinkSocket& route) {
    Result<std::vector<NetlinkReply>> replies = route.query(link_message("list links", RTM_GETLINK, NLM_F_DUMP, 0, 0));
    if (!replies) return std::move(replies).error();
    std::vector<LinkInfo> links;
    for (const NetlinkReply& reply : *replies) links.push_back(decode_link(reply.header()));
    return links;
}

Result<std::vector<AddressInfo>> list_addresses(NetlinkSocket& route) {
    NetlinkMessage message("list addresses", RTM_GETADDR, NLM_F_DUMP);
    message.extra<ifaddrmsg>().ifa_family = AF_INET;
    Result<std::vector<NetlinkReply>> replies = route.query(std::move(message));
    if (!replies) return std::move(replies).error();

    std::vector<AddressInfo> addresses;
    for (const NetlinkReply& reply : *replies) {
        const auto* head = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(reply.header()));
        if (head->ifa_family != AF_INET) continue;
        AddressInfo info;
        info.link = static_cast<int>(head->ifa_index);
        info.prefix.length = head->ifa_prefixlen;
        bool has_local = false;
        for (const nlattr* attr : attributes(reply.header(), sizeof(ifaddrmsg))) {
            // On point-to-point links ADDRESS is the other side and LOCAL ours; elsewhere they are the same.
            const bool local = mnl_attr_get_type(attr) == IFA_LOCAL;
            if (local || (mnl_attr_get_type(attr) == IFA_ADDRESS && !has_local)) info.prefix.address = address_of(attr);
            has_local = has_local || local;
        }
        addresses.push_back(info);
    }
    return addresses;
}

Result<std::vector<Ipv4Prefix>> list_destinations(NetlinkSocket& route) {
    NetlinkMessage message("list routes", RTM_GETROUTE, NLM_F_DUMP);
    message.extra<rtmsg>().rtm_family = AF_INET;
    Result<std::vector<NetlinkReply>> replies = route.query(std::move(message));
    if (!replies) return std::move(replies).error();

    std::vector<Ipv4Prefix> destinations;
    for (const NetlinkReply& reply : *replies) {
        const auto* head = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(reply.header()));
        if (head->rtm_family != AF_INET || head->rtm_dst_len == 0) continue;
        for (const nlattr* attr : attributes(reply.header(), sizeof(rtmsg))) {
            if (mnl_attr_get_type(attr) == RTA_DST) destinations.push_back({address_of(attr), head->rtm_dst_len});
        }
    }
    return destinations;
}

NetlinkMessage new_bridge(const std::string& name, const std::string& mac, uint32_t mtu) {
    NetlinkMessage message =
        link_message("create bridge " + quoted(name), RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, 0);
    message.put_text(IFLA_IFNAME, name);
    // A bridge without an address of its own takes the lowest of its ports', and so changes it as containers come and
    // go, which invalidates every neighbour entry for the gateway.
    put_mac(message, mac);
    if (mtu != 0) message.put_u32(IFLA_MTU, mtu);
    const size_t info = message.begin_nest(IFLA_LINKINFO);
    message.put_text(IFLA_INFO_KIND, "bridge");
    message.end_nest(info);
    return message;
}

NetlinkMessage set_alias(const std::string& name, const std::string& alias) {
    NetlinkMessage message = link_message("mark link " + quoted(name), RTM_SETLINK, 0, 0, 0);
    message.put_text(IFLA_IFNAME, name);
    message.put(IFLA_IFALIAS, alias.data(), alias.size());
    return message;
}

NetlinkMessage set_up(const std::string& name) {
    NetlinkMessage message = link_message("bring up link " + quoted(name), RTM_NEWLINK, 0, 0, IFF_UP);
    message.put_text(IFLA_IFNAME, name);
    return message;
}

NetlinkMessage new_veth(const VethPlan& plan) {
    NetlinkMessage message =
        link_message("create link " + quoted(plan.host_name), RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, IFF_UP);
    message.put_text(IFLA_IFNAME, plan.host_name);
    if (plan.bridge != 0) message.put_u32(IFLA_MASTER, static_cast<uint32_t>(plan.bridge));
    // One queue each: more cost memory per container and gain nothing on a bridge.
    message.put_u32(IFLA_NUM_TX_QUEUES, 1);
    message.put_u32(IFLA_NUM_RX_QUEUES, 1);
    if (plan.mtu != 0) message.put_u32(IFLA_MTU, plan.mtu);

    const size_t info = message.begin_nest(IFLA_LINKINFO);
    message.put_text(IFLA_INFO_KIND, "veth");
    const size_t data = message.begin_nest(IFLA_INFO_DATA);
    const size_t peer = message.begin_nest(VETH_INFO_PEER);
    const ifinfomsg guest{};  // not up: the two ends are not joined yet, and it would fail with ENOTCONN
    message.put_raw(&guest, sizeof guest);
    message.put_text(IFLA_IFNAME, plan.guest_name);
    message.put_u32(IFLA_NET_NS_FD, static_cast<uint32_t>(plan.netns));
    message.put_u32(IFLA_NUM_TX_QUEUES, 1);
    message.put_u32(IFLA_NUM_RX_QUEUES, 1);
    if (plan.mtu != 0) message.put_u32(IFLA_MTU, plan.mtu);
    put_mac(message, plan.guest_mac);
    message.end_nest(peer);
    message.end_nest(data);
    message.end_nest(info);
    return message;
}

NetlinkMessage set_hairpin(const std::string& name) {
    NetlinkMessage message = link_message("set hairpin of link " + quoted(name), RTM_NEWLINK, 0, 0, 0);
    message.put_text(IFLA_IFNAME, name);
    const size_t info = message.begin_nest(IFLA_LINKINFO);
    message.put_text(IFLA_INFO_SLAVE_KIND, "bridge");
    const size_t data = message.begin_nest(IFLA_INFO_SLAVE_DATA);
    message.put_u8(IFLA_BRPORT_MODE, 1);
    message.end_nest(data);
    message.end_nest(info);
    return message;
}

NetlinkMessage set_group(int index, uint32_t group) {
    NetlinkMessage message = link_message("set group of link " + std::to_string(index), RTM_SETLINK, 0, index, 0);
    message.put_u32(IFLA_GROUP, group);
    return message;
}

NetlinkMessage new_address(int link, Ipv4Prefix prefix) {
    NetlinkMessage message("add address " + prefix.to_string(), RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    auto& head = message.extra<ifaddrmsg>();
    head.ifa_family = AF_INET;
    head.ifa_prefixlen = prefix.length;
    head.ifa_index = static_cast<uint32_t>(link);
    message.put_u32(IFA_LOCAL, prefix.address.network_order());
    message.put_u32(IFA_ADDRESS, prefix.address.network_order());
    message.put_u32(IFA_BROADCAST, prefix.broadcast().network_order());
    return message;
}

NetlinkMessage delete_address(int link, Ipv4Prefix prefix) {
    NetlinkMessage message("delete address " + prefix.to_string(), RTM_DELADDR, 0);
    auto& head = message.extra<ifaddrmsg>();
    head.ifa_family = AF_INET;
    head.ifa_prefixlen = prefix.length;
    head.ifa_index = static_cast<uint32_t>(link);
    message.put_u32(IFA_LOCAL, prefix.address.network_order());
    return message;
}

NetlinkMessage new_default_route(int link, Ipv4 gateway) {
    NetlinkMessage message("add default route by " + gateway.to_string(), RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
    auto& head = message.extra<rtmsg>();
    head.rtm_family = AF_INET;
    head.rtm_table = RT_TABLE_MAIN;
    head.rtm_protocol = RTPROT_BOOT;
    head.rtm_scope = RT_SCOPE_UNIVERSE;
    head.rtm_type = RTN_UNICAST;
    message.put_u32(RTA_GATEWAY, gateway.network_order());
    message.put_u32(RTA_OIF, static_cast<uint32_t>(link));
    return message;
}

NetlinkMessage delete_link(int index) {
    return link_message("delete link " + std::to_string(index), RTM_DELLINK, 0, index, 0);
}

NetlinkMessage delete_group(uint32_t group) {
    NetlinkMessage message = link_message("delete links of group " + std::to_string(group), RTM_DELLINK, 0, 0, 0);
    message.put_u32(IFLA_GROUP, group);
    return message;
}

}  // namespace slipway::linux_backend
