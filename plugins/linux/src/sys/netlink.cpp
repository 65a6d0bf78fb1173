#include <sys/netlink.hpp>

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

namespace slipway::linux_backend {

namespace {

// Nothing here waits for anything but the kernel's own locks; a socket silent for this long is broken.
constexpr timeval kReceiveTimeout{30, 0};
constexpr int kSendBuffer = 4 << 20;  // thousands of set elements in one batch
constexpr int kDumpAttempts = 8;

// The kernel's own words about a refusal (NLMSGERR_ATTR_MSG), empty when it gave none.
std::string extended_text(const nlmsghdr* message) {
    if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
    const auto* failure = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
    size_t offset = sizeof(nlmsgerr);
    if ((message->nlmsg_flags & NLM_F_CAPPED) == 0) offset += failure->msg.nlmsg_len - sizeof(nlmsghdr);
    for (const nlattr* attr : attributes(message, offset)) {
        if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG) return mnl_attr_get_str(attr);
    }
    return {};
}

Error refusal(const nlmsghdr* message, int err, const std::string& label) {
    Error error = Error::from_errno(err, label);
    const std::string text = extended_text(message);
    if (text.empty()) return error;
    return Error(error.code(), error.message() + " (" + text + ")").with_os(SLW_OS_ERRNO, err);
}

// The errno of an NLMSG_ERROR, 0 for an acknowledgement.
int error_number(const nlmsghdr* message) {
    return -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message))->error;
}

}  // namespace

NetlinkMessage::NetlinkMessage(std::string label, uint16_t type, uint16_t flags, size_t capacity)
    : label_(std::move(label)), buffer_(capacity) {
    nlmsghdr* head = mnl_nlmsg_put_header(buffer_.data());
    head->nlmsg_type = type;
    head->nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST);
}

bool NetlinkMessage::has_room(size_t size) {
    if (!overflowed_ && header()->nlmsg_len + MNL_ALIGN(size) <= buffer_.size()) return true;
    overflowed_ = true;
    return false;
}

void NetlinkMessage::put(uint16_t type, const void* data, size_t size) {
    if (has_room(MNL_ATTR_HDRLEN + size)) mnl_attr_put(header(), type, size, data);
}

size_t NetlinkMessage::begin_nest(uint16_t type) {
    const size_t offset = header()->nlmsg_len;
    if (has_room(MNL_ATTR_HDRLEN)) mnl_attr_nest_start(header(), type);
    return offset;
}

void NetlinkMessage::end_nest(size_t nest) {
    if (overflowed_) return;
    mnl_attr_nest_end(header(), reinterpret_cast<nlattr*>(buffer_.data() + nest));
}

void NetlinkMessage::put_raw(const void* data, size_t size) {
    if (!has_room(size)) return;
    std::memcpy(mnl_nlmsg_get_payload_tail(header()), data, size);
    header()->nlmsg_len += static_cast<uint32_t>(MNL_ALIGN(size));
}

Result<NetlinkSocket> NetlinkSocket::open(int bus) {
    UniqueFd fd{socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus)};
    if (!fd) return Error::from_errno(errno, "open a netlink socket");

    const int on = 1;
    // Best effort: without them errors carry less text and large batches are refused with EMSGSIZE.
    (void)setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    (void)setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    (void)setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &kSendBuffer, sizeof kSendBuffer);
    (void)setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kReceiveTimeout, sizeof kReceiveTimeout);
    return NetlinkSocket(std::move(fd));
}

Status NetlinkSocket::send(std::vector<NetlinkMessage>& messages) {
    std::vector<iovec> parts;
    parts.reserve(messages.size());
    for (NetlinkMessage& message : messages) {
        if (message.overflowed()) return Error(ErrorCode::kInternal, message.label() + ": the request is too large");
        message.header()->nlmsg_seq = ++sequence_;
        parts.push_back({message.header(), MNL_ALIGN(message.header()->nlmsg_len)});
    }
    // More parts than IOV_MAX would need copying; no caller comes near.
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    msghdr packet{};
    packet.msg_name = &kernel;
    packet.msg_namelen = sizeof kernel;
    packet.msg_iov = parts.data();
    packet.msg_iovlen = parts.size();
    while (sendmsg(fd_.get(), &packet, 0) < 0) {
        const int err = errno;
        if (err != EINTR) return Error::from_errno(err, messages.front().label() + ": send to the kernel");
    }
    return ok();
}

Result<size_t> NetlinkSocket::receive() {
    for (;;) {
        const ssize_t size = recv(fd_.get(), buffer_.data(), buffer_.size(), 0);
        if (size >= 0) return static_cast<size_t>(size);
        const int err = errno;
        if (err != EINTR) return Error::from_errno(err, "read an answer of the kernel");
    }
}

Status NetlinkSocket::transact(std::vector<NetlinkMessage>& messages, size_t ack) {
    if (messages.empty()) return ok();
    if (ack >= messages.size()) ack = messages.size() - 1;
    messages[ack].header()->nlmsg_flags |= NLM_F_ACK;
    if (Status sent = send(messages); !sent) return sent;

    const uint32_t first = messages.front().header()->nlmsg_seq;
    const uint32_t awaited = messages[ack].header()->nlmsg_seq;
    for (;;) {
        Result<size_t> size = receive();
        if (!size) return std::move(size).error().context(messages[ack].label());
        auto left = static_cast<int>(*size);
        for (auto* head = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(head, left);
             head = mnl_nlmsg_next(head, &left)) {
            // Answers to an earlier batch that was given up at its first failure.
            const size_t index = head->nlmsg_seq - first;
            if (head->nlmsg_type != NLMSG_ERROR || index >= messages.size()) continue;
            if (const int err = error_number(head); err != 0) return refusal(head, err, messages[index].label());
            if (head->nlmsg_seq == awaited) return ok();
        }
    }
}

Status NetlinkSocket::transact(NetlinkMessage message) {
    std::vector<NetlinkMessage> messages;
    messages.push_back(std::move(message));
    return transact(messages);
}

Result<std::vector<int>> NetlinkSocket::transact_each(std::vector<NetlinkMessage>& messages) {
    std::vector<int> results(messages.size(), 0);
    if (messages.empty()) return results;
    for (NetlinkMessage& message : messages) message.header()->nlmsg_flags |= NLM_F_ACK;
    if (Status sent = send(messages); !sent) return std::move(sent).error();

    const uint32_t first = messages.front().header()->nlmsg_seq;
    for (size_t missing = messages.size(); missing > 0;) {
        Result<size_t> size = receive();
        if (!size) return std::move(size).error().context(messages.front().label());
        auto left = static_cast<int>(*size);
        for (auto* head = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(head, left);
             head = mnl_nlmsg_next(head, &left)) {
            const size_t index = head->nlmsg_seq - first;
            if (head->nlmsg_type != NLMSG_ERROR || index >= messages.size()) continue;
            results[index] = error_number(head);
            --missing;
        }
    }
    return results;
}

// Takes what one datagram holds. True at the end of the answer.
Result<bool> NetlinkSocket::collect(uint32_t sequence, const std::string& label, std::vector<NetlinkReply>& replies) {
    Result<size_t> size = receive();
    if (!size) return std::move(size).error().context(label);
    auto left = static_cast<int>(*size);
    for (auto* head = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(head, left);
         head = mnl_nlmsg_next(head, &left)) {
        if (head->nlmsg_seq != sequence) continue;
        if ((head->nlmsg_flags & NLM_F_DUMP_INTR) != 0) return Error::from_errno(EINTR, label);
        if (head->nlmsg_type == NLMSG_DONE) return true;
        if (head->nlmsg_type == NLMSG_ERROR) {
            const int err = error_number(head);
            if (err != 0) return refusal(head, err, label);
            return true;
        }
        replies.emplace_back(head);
    }
    return false;
}

Result<std::vector<NetlinkReply>> NetlinkSocket::query(NetlinkMessage message) {
    const std::string label = message.label();
    // A single object is followed by an acknowledgement, a dump by NLMSG_DONE.
    if ((message.header()->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) message.header()->nlmsg_flags |= NLM_F_ACK;
    std::vector<NetlinkMessage> messages;
    messages.push_back(std::move(message));

    for (int attempt = 1;; ++attempt) {
        if (Status sent = send(messages); !sent) return std::move(sent).error();
        std::vector<NetlinkReply> replies;
        Result<bool> done = false;
        while (done && !*done) done = collect(messages.front().header()->nlmsg_seq, label, replies);
        if (done) return replies;
        if (errno_of(done.error()) != EINTR || attempt == kDumpAttempts) return std::move(done).error();
    }
}

}  // namespace slipway::linux_backend
