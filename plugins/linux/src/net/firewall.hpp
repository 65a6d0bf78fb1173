// plugins/linux/src/net/firewall.hpp - the nftables table of one bridge: masquerading, published ports, isolation.
//
//   table ip slipway            ("slipway-<bridge>" for other bridges than slipway0)
//     map ports_addr            host address . protocol . port : container address . port
//     map ports_any             protocol . port : container address . port
//     chain publish             dnat by ports_addr, then by ports_any
//     chain raw_prerouting      nobody on the bridge may reach 127.0.0.0/8, which route_localnet would allow
//     chain prerouting, output  packets to one of the host's own addresses go to publish
//     chain postrouting         masquerade what leaves the subnet, and what would be answered past us
//     chain forward             into the bridge: known connections, the bridge's own, published ports; the rest drops
//
// A published port is one element whose comment is the container id, so that it can be found without any record. The
// table is ours alone and no other table is touched; where another table's chain drops, that stays the operator's word.
#pragma once

#include <net/documents.hpp>
#include <sys/nft_batch.hpp>

#include <functional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// A port published for a container.
struct Publication {
    PortBinding port;
    Ipv4 container_address;
};

// Whether the container of this id may rightly own published ports.
using IsLive = std::function<bool(const std::string& container_id)>;

// An element as it is in the kernel.
struct PublishedElement {
    std::string map;
    std::string key;    // bytes as the kernel keeps them
    std::string owner;  // container id; empty when not made by us
};

class Firewall {
public:
    explicit Firewall(std::string bridge);

    const std::string& bridge() const { return bridge_; }
    const std::string& table() const { return table_; }

    // Makes the table, or puts its rules back to what they must be. Elements stay. One transaction.
    Status ensure(Ipv4Prefix subnet, bool masquerade) const;

    // Whether the table has the rules that ensure() would give it, by their number, and at least `elements` published
    // ports. False when there is no table.
    Result<bool> is_whole(Ipv4Prefix subnet, bool masquerade, size_t elements) const;

    // Deletes the table with everything in it. Gone already is success.
    Status remove() const;

    // Adds the elements of one container in one transaction. Fails with kConflict when a port has an element of another
    // container that `is_live`; elements of others are leftovers, which are replaced. A missing table is kNotFound.
    Status publish(const std::string& container_id, const std::vector<Publication>& ports, const IsLive& is_live) const;

    // Deletes them in one transaction. Gone already is success.
    Status unpublish(const std::string& container_id, const std::vector<Publication>& ports) const;

    // Everything published in this table; empty when there is no table.
    Result<std::vector<PublishedElement>> list() const;

    // Deletes these elements in one transaction.
    Status erase(const std::vector<PublishedElement>& elements) const;

private:
    Status try_publish(const std::string& container_id, const std::vector<Publication>& ports,
                       const std::vector<PublishedElement>& replaced) const;

    std::string bridge_;
    std::string table_;
};

}  // namespace slipway::linux_backend
