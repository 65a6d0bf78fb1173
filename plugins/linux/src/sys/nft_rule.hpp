// plugins/linux/src/sys/nft_rule.hpp - builds nftables objects over libnftnl. Rules work like nft's own: each step
// loads into or tests a register, and the first test that fails ends the rule.
#pragma once

#include <sys/nft_batch.hpp>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace slipway::linux_backend {

// Where a base chain hooks in. Priorities are the kernel's numbers (NF_IP_PRI_*).
struct NftHook {
    const char* type;  // "filter" or "nat"
    uint32_t hook;     // NF_INET_*
    int32_t priority;
};

// Requests to make sure a table or chain exists; an existing one of the same kind is left as it is.
NetlinkMessage nft_new_table(const std::string& table);
NetlinkMessage nft_delete_table(const std::string& table);
NetlinkMessage nft_new_chain(const std::string& table, const std::string& chain, std::optional<NftHook> hook = {});
// Deletes the rules of all chains of a table. Chains, maps and elements stay.
NetlinkMessage nft_delete_rules(const std::string& table);

// A map from and to concatenations. Types are nft's numbers for display, 6 bits per part; `id` tells sets of one
// transaction apart.
struct NftMap {
    std::string name;
    uint32_t id;
    uint32_t key_type, key_bytes;
    uint32_t data_type, data_bytes;
};
NetlinkMessage nft_new_map(const std::string& table, const NftMap& map);

class NftRule {
public:
    NftRule(const std::string& table, const std::string& chain);

    // Loads. Registers: NFT_REG_1 for 16 bytes, NFT_REG32_00 + n for the n-th 4 of them.
    NftRule& payload(uint32_t base, uint32_t offset, uint32_t bytes, uint32_t to = NFT_REG_1);
    NftRule& meta(uint32_t key, uint32_t to = NFT_REG_1);
    NftRule& conntrack(uint32_t key);
    NftRule& address_type_of_destination();

    // Changes and tests of NFT_REG_1.
    NftRule& mask(uint32_t bits);
    NftRule& compare(uint32_t operation, const void* data, uint32_t bytes);
    NftRule& compare_device(uint32_t operation, const std::string& name);
    NftRule& look_up(const std::string& map);

    // What to do with a packet that got here.
    NftRule& destination_nat();  // address in NFT_REG_1, port in the next register
    NftRule& masquerade();
    NftRule& verdict(int32_t code, const std::string& chain = {});

    // The request to append the rule.
    NetlinkMessage build() const;

private:
    struct Free {
        void operator()(nftnl_rule* rule) const { nftnl_rule_free(rule); }
    };

    nftnl_expr* add(const char* kind);

    std::string label_;
    std::unique_ptr<nftnl_rule, Free> rule_;
};

}  // namespace slipway::linux_backend
