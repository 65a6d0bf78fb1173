#include <sys/nft_batch.hpp>

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <mutex>
#include <optional>

namespace slipway::linux_backend {

namespace {

NetlinkMessage boundary(uint16_t type) {
    NetlinkMessage message(type == NFNL_MSG_BATCH_BEGIN ? "begin nftables transaction" : "end nftables transaction",
                           type, 0, 64);
    auto& head = message.extra<nfgenmsg>();
    head.nfgen_family = AF_UNSPEC;
    head.version = NFNETLINK_V0;
    head.res_id = htons(NFNL_SUBSYS_NFTABLES);
    return message;
}

class SharedSocket {
public:
    // Runs `body` with the socket, alone.
    template <class T, class Body>
    T use(Body body) {
        const std::lock_guard lock(mutex_);
        if (!socket_) {
            Result<NetlinkSocket> opened = NetlinkSocket::open(NETLINK_NETFILTER);
            if (!opened) return std::move(opened).error();
            socket_.emplace(std::move(*opened));
        }
        return body(*socket_);
    }

private:
    std::mutex mutex_;
    std::optional<NetlinkSocket> socket_;  // guarded by mutex_
};

SharedSocket& shared_socket() {
    static SharedSocket socket;
    return socket;
}

}  // namespace

NetlinkMessage nft_message(std::string label, nf_tables_msg_types type, uint16_t flags, size_t capacity) {
    const auto full_type = static_cast<uint16_t>((NFNL_SUBSYS_NFTABLES << 8) | type);
    NetlinkMessage message(std::move(label), full_type, flags, capacity);
    auto& head = message.extra<nfgenmsg>();
    head.nfgen_family = AF_INET;
    head.version = NFNETLINK_V0;
    return message;
}

NftBatch::NftBatch() {
    messages_.push_back(boundary(NFNL_MSG_BATCH_BEGIN));
}

Status NftBatch::commit() && {
    if (is_empty()) return ok();
    // Kernels before 6.10 do not acknowledge the end of a batch, so its last change is asked for the answer.
    const size_t last_change = messages_.size() - 1;
    messages_.push_back(boundary(NFNL_MSG_BATCH_END));
    return shared_socket().use<Status>([&](NetlinkSocket& socket) { return socket.transact(messages_, last_change); });
}

Result<std::vector<NetlinkReply>> nft_query(NetlinkMessage message) {
    using Replies = Result<std::vector<NetlinkReply>>;
    return shared_socket().use<Replies>([&](NetlinkSocket& socket) { return socket.query(std::move(message)); });
}

}  // namespace slipway::linux_backend
