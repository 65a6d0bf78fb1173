// The table, its chains and rules. Elements: firewall_elements.cpp.
#include <net/firewall.hpp>
#include <net/firewall_maps.hpp>
#include <sys/nft_rule.hpp>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <cstddef>

namespace slipway::linux_backend {

namespace {

// nft's numbers of data types, and how it joins them to name a concatenation.
constexpr uint32_t kTypeAddress = 7, kTypeProtocol = 12, kTypeService = 13;
constexpr uint32_t join(uint32_t a, uint32_t b) {
    return a << 6 | b;
}

constexpr uint32_t kSourceOffset = 12, kDestinationOffset = 16;  // in the IPv4 header
constexpr uint32_t kDestinationPortOffset = 2;                   // in TCP, UDP and SCTP headers alike
constexpr uint8_t kLoopbackNet = 127;

constexpr const char* kDefaultBridge = "slipway0";

// Appends rules to one batch.
class Writer {
public:
    Writer(NftBatch& batch, std::string table, std::string bridge)
        : batch_(batch), table_(std::move(table)), bridge_(std::move(bridge)) {}

    NftRule rule(const char* chain) const { return NftRule(table_, chain); }
    void add(const NftRule& rule) {
        batch_.add(rule.build());
        ++count_;
    }
    size_t count() const { return count_; }

    NftRule to_bridge(const char* chain) const { return device(chain, NFT_META_OIFNAME, NFT_CMP_EQ); }
    NftRule from_bridge(const char* chain) const { return device(chain, NFT_META_IIFNAME, NFT_CMP_EQ); }
    NftRule device(const char* chain, uint32_t key, uint32_t operation) const {
        NftRule made = rule(chain);
        made.meta(key).compare_device(operation, bridge_);
        return made;
    }

private:
    NftBatch& batch_;
    std::string table_, bridge_;
    size_t count_ = 0;
};

NftRule& match_net(NftRule& rule, uint32_t offset, Ipv4Prefix net) {
    const uint32_t mask = Ipv4{net.mask()}.network_order(), network = net.network().network_order();
    return rule.payload(NFT_PAYLOAD_NETWORK_HEADER, offset, 4).mask(mask).compare(NFT_CMP_EQ, &network, 4);
}

NftRule& match_loopback(NftRule& rule, uint32_t offset) {
    return rule.payload(NFT_PAYLOAD_NETWORK_HEADER, offset, 1).compare(NFT_CMP_EQ, &kLoopbackNet, 1);
}

// Any of the bits is set.
NftRule& match_conntrack(NftRule& rule, uint32_t key, uint32_t bits) {
    const uint32_t none = 0;
    return rule.conntrack(key).mask(bits).compare(NFT_CMP_NEQ, &none, sizeof none);
}

void add_publish_rules(Writer& w) {
    NftRule by_address = w.rule("publish");
    by_address.payload(NFT_PAYLOAD_NETWORK_HEADER, kDestinationOffset, 4)
        .meta(NFT_META_L4PROTO, NFT_REG32_01)
        .payload(NFT_PAYLOAD_TRANSPORT_HEADER, kDestinationPortOffset, 2, NFT_REG32_02)
        .look_up(kPortsAddr)
        .destination_nat();
    w.add(by_address);

    NftRule by_port = w.rule("publish");
    by_port.meta(NFT_META_L4PROTO)
        .payload(NFT_PAYLOAD_TRANSPORT_HEADER, kDestinationPortOffset, 2, NFT_REG32_01)
        .look_up(kPortsAny)
        .destination_nat();
    w.add(by_port);

    const uint32_t local = RTN_LOCAL;
    for (const char* chain : {"prerouting", "output"}) {
        NftRule jump = w.rule(chain);
        jump.address_type_of_destination().compare(NFT_CMP_EQ, &local, sizeof local).verdict(NFT_JUMP, "publish");
        w.add(jump);
    }
}

void add_masquerade_rules(Writer& w, Ipv4Prefix subnet, bool masquerade) {
    if (masquerade) {
        NftRule leaving = w.device("postrouting", NFT_META_OIFNAME, NFT_CMP_NEQ);
        match_net(leaving, kSourceOffset, subnet).masquerade();
        w.add(leaving);
    }
    // The host's own 127.0.0.1 on its way to a published port: the container could not answer it.
    NftRule loopback = w.to_bridge("postrouting");
    match_loopback(loopback, kSourceOffset).masquerade();
    w.add(loopback);
    // A container by way of a published port to another one, or to itself: the answer would go there directly, with an
    // address nobody asked.
    NftRule hairpin = w.to_bridge("postrouting");
    match_net(hairpin, kSourceOffset, subnet);
    match_conntrack(hairpin, NFT_CT_STATUS, IPS_DST_NAT).masquerade();
    w.add(hairpin);
}

void add_filter_rules(Writer& w) {
    NftRule no_loopback = w.from_bridge("raw_prerouting");
    match_loopback(no_loopback, kDestinationOffset).verdict(NF_DROP);
    w.add(no_loopback);

    NftRule inwards = w.to_bridge("forward");
    inwards.verdict(NFT_JUMP, "forward_in");
    w.add(inwards);

    NftRule known = w.rule("forward_in");
    match_conntrack(known, NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED))
        .verdict(NF_ACCEPT);
    w.add(known);
    NftRule inside = w.from_bridge("forward_in");
    inside.verdict(NF_ACCEPT);
    w.add(inside);
    NftRule published = w.rule("forward_in");
    match_conntrack(published, NFT_CT_STATUS, IPS_DST_NAT).verdict(NF_ACCEPT);
    w.add(published);
    NftRule rest = w.rule("forward_in");
    rest.verdict(NF_DROP);
    w.add(rest);
}

// Their number.
size_t add_rules(NftBatch& batch, const std::string& table, const std::string& bridge, Ipv4Prefix subnet,
                 bool masquerade) {
    Writer writer(batch, table, bridge);
    add_publish_rules(writer);
    add_masquerade_rules(writer, subnet, masquerade);
    add_filter_rules(writer);
    return writer.count();
}

}  // namespace

Firewall::Firewall(std::string bridge)
    : bridge_(std::move(bridge)), table_(bridge_ == kDefaultBridge ? "slipway" : "slipway-" + bridge_) {}

Status Firewall::ensure(Ipv4Prefix subnet, bool masquerade) const {
    NftBatch batch;
    batch.add(nft_new_table(table_));
    batch.add(nft_delete_rules(table_));
    const uint32_t value_type = join(kTypeAddress, kTypeService);
    batch.add(
        nft_new_map(table_, {kPortsAddr, 1, join(join(kTypeAddress, kTypeProtocol), kTypeService), 12, value_type, 8}));
    batch.add(nft_new_map(table_, {kPortsAny, 2, join(kTypeProtocol, kTypeService), 8, value_type, 8}));

    batch.add(nft_new_chain(table_, "publish"));
    batch.add(nft_new_chain(table_, "forward_in"));
    batch.add(nft_new_chain(table_, "raw_prerouting", NftHook{"filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW}));
    batch.add(nft_new_chain(table_, "prerouting", NftHook{"nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST}));
    batch.add(nft_new_chain(table_, "output", NftHook{"nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST}));
    batch.add(nft_new_chain(table_, "postrouting", NftHook{"nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC}));
    batch.add(nft_new_chain(table_, "forward", NftHook{"filter", NF_INET_FORWARD, NF_IP_PRI_FILTER}));

    add_rules(batch, table_, bridge_, subnet, masquerade);
    return std::move(batch).commit();
}

Result<bool> Firewall::is_whole(Ipv4Prefix subnet, bool masquerade, size_t elements) const {
    NetlinkMessage message = nft_message("list rules of '" + table_ + "'", NFT_MSG_GETRULE, NLM_F_DUMP);
    message.put_text(NFTA_RULE_TABLE, table_);
    Result<std::vector<NetlinkReply>> rules = nft_query(std::move(message));
    if (!rules && errno_of(rules.error()) == ENOENT) return false;
    if (!rules) return std::move(rules).error();
    NftBatch wanted;
    if (rules->size() < add_rules(wanted, table_, bridge_, subnet, masquerade)) return false;
    if (elements == 0) return true;
    Result<std::vector<PublishedElement>> present = list();
    if (!present) return std::move(present).error();
    return present->size() >= elements;
}

Status Firewall::remove() const {
    NftBatch batch;
    batch.add(nft_delete_table(table_));
    Status removed = std::move(batch).commit();
    if (!removed && errno_of(removed.error()) == ENOENT) return ok();
    return removed;
}

}  // namespace slipway::linux_backend
