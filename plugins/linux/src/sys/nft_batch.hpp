// plugins/linux/src/sys/nft_batch.hpp - one nftables transaction: all of its messages take effect, or none.
//
// All of a process' requests go through one socket that is opened with the first and stays open: closing one waits,
// from Linux 6.4 on, until what was deleted last is really gone, which takes a grace period (5-10 ms).
#pragma once

#include <sys/netlink.hpp>

#include <linux/netfilter/nf_tables.h>

#include <vector>

namespace slipway::linux_backend {

// A message of the nftables subsystem for the ip family, with its fixed header. `type` is NFT_MSG_*.
NetlinkMessage nft_message(std::string label, nf_tables_msg_types type, uint16_t flags, size_t capacity = 1024);

class NftBatch {
public:
    NftBatch();
    void add(NetlinkMessage message) { messages_.push_back(std::move(message)); }
    bool is_empty() const { return messages_.size() == 1; }

    // Carries out the transaction; the error is that of the message the kernel refused first. Once per batch. Acts
    // on the name space in which the process' first request was made. Safe on any thread.
    Status commit() &&;

private:
    std::vector<NetlinkMessage> messages_;  // starts with the message that begins the batch
};

// Asks for objects (NFT_MSG_GET*), outside of any transaction.
Result<std::vector<NetlinkReply>> nft_query(NetlinkMessage message);

}  // namespace slipway::linux_backend
