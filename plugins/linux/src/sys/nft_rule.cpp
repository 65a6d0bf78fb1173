#include <sys/nft_rule.hpp>

#include <arpa/inet.h>
#include <libnftnl/chain.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>

#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace slipway::linux_backend {

namespace {

constexpr size_t kRuleBytes = 4096;  // our longest rule takes about 500

template <class T>
T* checked(T* object) {
    if (object == nullptr) throw std::bad_alloc();
    return object;
}

}  // namespace

NetlinkMessage nft_new_table(const std::string& table) {
    NetlinkMessage message = nft_message("create table '" + table + "'", NFT_MSG_NEWTABLE, NLM_F_CREATE);
    const std::unique_ptr<nftnl_table, decltype(&nftnl_table_free)> object(checked(nftnl_table_alloc()),
                                                                           &nftnl_table_free);
    nftnl_table_set_str(object.get(), NFTNL_TABLE_NAME, table.c_str());
    nftnl_table_nlmsg_build_payload(message.header(), object.get());
    return message;
}

NetlinkMessage nft_delete_table(const std::string& table) {
    NetlinkMessage message = nft_message("delete table '" + table + "'", NFT_MSG_DELTABLE, 0);
    message.put_text(NFTA_TABLE_NAME, table);
    return message;
}

NetlinkMessage nft_new_chain(const std::string& table, const std::string& chain, std::optional<NftHook> hook) {
    NetlinkMessage message = nft_message("create chain '" + table + " " + chain + "'", NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    const std::unique_ptr<nftnl_chain, decltype(&nftnl_chain_free)> object(checked(nftnl_chain_alloc()),
                                                                           &nftnl_chain_free);
    nftnl_chain_set_str(object.get(), NFTNL_CHAIN_TABLE, table.c_str());
    nftnl_chain_set_str(object.get(), NFTNL_CHAIN_NAME, chain.c_str());
    if (hook) {
        nftnl_chain_set_str(object.get(), NFTNL_CHAIN_TYPE, hook->type);
        nftnl_chain_set_u32(object.get(), NFTNL_CHAIN_HOOKNUM, hook->hook);
        nftnl_chain_set_s32(object.get(), NFTNL_CHAIN_PRIO, hook->priority);
        nftnl_chain_set_u32(object.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
    }
    nftnl_chain_nlmsg_build_payload(message.header(), object.get());
    return message;
}

NetlinkMessage nft_delete_rules(const std::string& table) {
    NetlinkMessage message = nft_message("flush table '" + table + "'", NFT_MSG_DELRULE, 0);
    message.put_text(NFTA_RULE_TABLE, table);
    return message;
}

NetlinkMessage nft_new_map(const std::string& table, const NftMap& map) {
    NetlinkMessage message = nft_message("create map '" + table + " " + map.name + "'", NFT_MSG_NEWSET, NLM_F_CREATE);
    const std::unique_ptr<nftnl_set, decltype(&nftnl_set_free)> object(checked(nftnl_set_alloc()), &nftnl_set_free);
    nftnl_set_set_str(object.get(), NFTNL_SET_TABLE, table.c_str());
    nftnl_set_set_str(object.get(), NFTNL_SET_NAME, map.name.c_str());
    nftnl_set_set_u32(object.get(), NFTNL_SET_ID, map.id);
    nftnl_set_set_u32(object.get(), NFTNL_SET_FLAGS, NFT_SET_MAP);
    nftnl_set_set_u32(object.get(), NFTNL_SET_KEY_TYPE, map.key_type);
    nftnl_set_set_u32(object.get(), NFTNL_SET_KEY_LEN, map.key_bytes);
    nftnl_set_set_u32(object.get(), NFTNL_SET_DATA_TYPE, map.data_type);
    nftnl_set_set_u32(object.get(), NFTNL_SET_DATA_LEN, map.data_bytes);
    nftnl_set_nlmsg_build_payload(message.header(), object.get());
    return message;
}

NftRule::NftRule(const std::string& table, const std::string& chain)
    : label_("add rule to chain '" + table + " " + chain + "'"), rule_(checked(nftnl_rule_alloc())) {
    nftnl_rule_set_str(rule_.get(), NFTNL_RULE_TABLE, table.c_str());
    nftnl_rule_set_str(rule_.get(), NFTNL_RULE_CHAIN, chain.c_str());
}

nftnl_expr* NftRule::add(const char* kind) {
    nftnl_expr* expr = checked(nftnl_expr_alloc(kind));
    nftnl_rule_add_expr(rule_.get(), expr);  // the rule owns it from here on
    return expr;
}

NftRule& NftRule::payload(uint32_t base, uint32_t offset, uint32_t bytes, uint32_t to) {
    nftnl_expr* expr = add("payload");
    nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, base);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, bytes);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, to);
    return *this;
}

NftRule& NftRule::meta(uint32_t key, uint32_t to) {
    nftnl_expr* expr = add("meta");
    nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, to);
    return *this;
}

NftRule& NftRule::conntrack(uint32_t key) {
    nftnl_expr* expr = add("ct");
    nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, key);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, NFT_REG_1);
    return *this;
}

NftRule& NftRule::address_type_of_destination() {
    nftnl_expr* expr = add("fib");
    nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
    return *this;
}

NftRule& NftRule::mask(uint32_t bits) {
    const uint32_t none = 0;
    nftnl_expr* expr = add("bitwise");
    nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, sizeof bits);
    nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, &bits, sizeof bits);
    nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, &none, sizeof none);
    return *this;
}

NftRule& NftRule::compare(uint32_t operation, const void* data, uint32_t bytes) {
    nftnl_expr* expr = add("cmp");
    nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, operation);
    nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, data, bytes);
    return *this;
}

NftRule& NftRule::compare_device(uint32_t operation, const std::string& name) {
    char padded[IFNAMSIZ] = {};
    std::memcpy(padded, name.data(), std::min(name.size(), sizeof padded - 1));
    return compare(operation, padded, sizeof padded);
}

NftRule& NftRule::look_up(const std::string& map) {
    nftnl_expr* expr = add("lookup");
    nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_1);
    nftnl_expr_set_str(expr, NFTNL_EXPR_LOOKUP_SET, map.c_str());
    return *this;
}

NftRule& NftRule::destination_nat() {
    nftnl_expr* expr = add("nat");
    nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_FAMILY, NFPROTO_IPV4);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_REG_PROTO_MIN, NFT_REG32_01);
    return *this;
}

NftRule& NftRule::masquerade() {
    add("masq");
    return *this;
}

NftRule& NftRule::verdict(int32_t code, const std::string& chain) {
    nftnl_expr* expr = add("immediate");
    nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, static_cast<uint32_t>(code));
    if (!chain.empty()) nftnl_expr_set_str(expr, NFTNL_EXPR_IMM_CHAIN, chain.c_str());
    return *this;
}

NetlinkMessage NftRule::build() const {
    NetlinkMessage message = nft_message(label_, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, kRuleBytes);
    nftnl_rule_nlmsg_build_payload(message.header(), rule_.get());
    return message;
}

}  // namespace slipway::linux_backend
