#include <net/firewall_watch.hpp>

#include <sys/netlink.hpp>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string_view>

namespace slipway::linux_backend {
namespace {

// What goes together is told in many messages; a reload puts its own rules up right after.
constexpr int kSettleMs = 50;
constexpr size_t kHeaderBytes = sizeof(nfgenmsg);

bool is_deletion(const nlmsghdr& message) {
    if (NFNL_SUBSYS_ID(message.nlmsg_type) != NFNL_SUBSYS_NFTABLES) return false;
    const auto type = NFNL_MSG_TYPE(message.nlmsg_type);
    return type == NFT_MSG_DELTABLE || type == NFT_MSG_DELCHAIN || type == NFT_MSG_DELRULE;
}

// The table's name is the first attribute of all three kinds.
static_assert(int{NFTA_TABLE_NAME} == int{NFTA_CHAIN_TABLE} && int{NFTA_TABLE_NAME} == int{NFTA_RULE_TABLE});

bool is_of_our_table(const nlmsghdr& message) {
    for (const nlattr* attribute : attributes(&message, kHeaderBytes)) {
        if (mnl_attr_get_type(attribute) != NFTA_TABLE_NAME) continue;
        const std::string_view name(static_cast<const char*>(mnl_attr_get_payload(attribute)),
                                    mnl_attr_get_payload_len(attribute));
        return name.starts_with("slipway");
    }
    return false;
}

}  // namespace

FirewallWatch::~FirewallWatch() {
    if (!thread_.joinable()) return;
    const uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof(one));
    thread_.join();
}

Status FirewallWatch::start() {
    events_.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER));
    stop_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;  // bound to a number of the kernel's choice; to a socket without one nothing is told
    const int group = NFNLGRP_NFTABLES;
    if (!events_ || !stop_ ||
        ::bind(events_.get(), static_cast<const sockaddr*>(static_cast<const void*>(&own)), sizeof(own)) != 0 ||
        ::setsockopt(events_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
        return Error::from_errno(errno, "watch the rules of nftables");
    }
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::exception& failure) {
        return Error(ErrorCode::kResourceExhausted, std::string("watch the rules of nftables: ") + failure.what());
    }
    return ok();
}

// False when the thread is to end.
bool FirewallWatch::wait(int fd, int timeout_ms) const {
    std::array<pollfd, 2> fds{pollfd{stop_.get(), POLLIN, 0}, pollfd{fd, POLLIN, 0}};
    while (::poll(fds.data(), fds.size(), timeout_ms) < 0 && errno == EINTR) {
    }
    return fds[0].revents == 0;
}

bool FirewallWatch::is_about_ours() const {
    alignas(nlmsghdr) std::array<char, 16384> buffer;
    bool ours = false;
    for (;;) {
        const ssize_t got = ::recv(events_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == ENOBUFS) {  // more than the socket holds: nobody knows what
            ours = true;
            continue;
        }
        if (got <= 0) return ours;
        int left = static_cast<int>(got);
        for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, left);
             message = mnl_nlmsg_next(message, &left)) {
            ours = ours || (is_deletion(*message) && is_of_our_table(*message));
        }
    }
}

void FirewallWatch::run() {
    while (wait(events_.get(), -1)) {
        if (!is_about_ours()) continue;
        if (!wait(-1, kSettleMs)) return;
        (void)is_about_ours();
        on_loss_();
    }
}

}  // namespace slipway::linux_backend
