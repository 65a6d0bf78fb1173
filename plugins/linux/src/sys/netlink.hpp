// plugins/linux/src/sys/netlink.hpp - a small request/acknowledge layer over libmnl.
//
// The kernel handles a netlink request inside sendmsg(), so when a batch has been sent it has also been carried out;
// what is read afterwards are only the answers. Failures are always reported, success only where it is asked for, so a
// batch asks once, with its last message.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <libmnl/libmnl.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::linux_backend {

// One request under construction. `label` says what it does, for error messages: "create link 'slw12'".
class NetlinkMessage {
public:
    // `capacity` bounds the whole message; going past it makes transact() fail with kInternal.
    NetlinkMessage(std::string label, uint16_t type, uint16_t flags, size_t capacity = 1024);
    NetlinkMessage(NetlinkMessage&&) noexcept = default;
    NetlinkMessage& operator=(NetlinkMessage&&) noexcept = default;

    // Appends the fixed header of the message's family, zeroed. Once, before any attribute.
    template <class T>
    T& extra() {
        return *static_cast<T*>(mnl_nlmsg_put_extra_header(header(), sizeof(T)));
    }

    void put(uint16_t type, const void* data, size_t size);
    void put_u8(uint16_t type, uint8_t value) { put(type, &value, sizeof value); }
    void put_u16(uint16_t type, uint16_t value) { put(type, &value, sizeof value); }
    void put_u32(uint16_t type, uint32_t value) { put(type, &value, sizeof value); }
    void put_text(uint16_t type, const std::string& text) { put(type, text.c_str(), text.size() + 1); }

    // Attributes put between begin_nest() and end_nest() of its result are inside.
    size_t begin_nest(uint16_t type);
    void end_nest(size_t nest);
    // Room for a structure inside a nest, which no attribute header precedes (veth's peer has one).
    void put_raw(const void* data, size_t size);

    const std::string& label() const { return label_; }
    bool overflowed() const { return overflowed_; }
    nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }
    // For builders of other libraries (libnftnl), which write behind header() without a bound.
    size_t capacity() const { return buffer_.size(); }

private:
    bool has_room(size_t size);

    std::string label_;
    std::vector<char> buffer_;
    bool overflowed_ = false;
};

// The attributes in a stretch of memory, for range-based for. What claims to reach past the end ends it.
class AttributeRange {
public:
    class Iterator {
    public:
        Iterator(const char* at, const char* end) : at_(at), end_(end) {}
        const nlattr* operator*() const { return reinterpret_cast<const nlattr*>(at_); }
        Iterator& operator++() {
            at_ += MNL_ALIGN((**this)->nla_len);
            return *this;
        }
        bool operator!=(const Iterator&) const { return mnl_attr_ok(**this, static_cast<int>(end_ - at_)); }

    private:
        const char *at_, *end_;
    };

    AttributeRange(const void* begin, size_t size) : begin_(static_cast<const char*>(begin)), end_(begin_ + size) {}
    Iterator begin() const { return {begin_, end_}; }
    Iterator end() const { return {end_, end_}; }

private:
    const char *begin_, *end_;
};

// The attributes behind a message's fixed header of `header_size` bytes; those inside another one.
inline AttributeRange attributes(const nlmsghdr* message, size_t header_size) {
    const size_t offset = MNL_ALIGN(header_size), size = mnl_nlmsg_get_payload_len(message);
    return {static_cast<const char*>(mnl_nlmsg_get_payload(message)) + std::min(offset, size),
            size - std::min(offset, size)};
}
inline AttributeRange nested(const nlattr* attr) {
    return {mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr)};
}

// A received message, header included.
class NetlinkReply {
public:
    explicit NetlinkReply(const nlmsghdr* message)
        : bytes_(reinterpret_cast<const char*>(message), reinterpret_cast<const char*>(message) + message->nlmsg_len) {}
    const nlmsghdr* header() const { return reinterpret_cast<const nlmsghdr*>(bytes_.data()); }

private:
    std::vector<char> bytes_;
};

// A netlink socket. It works on the network name space of the thread that opened it, whoever uses it later. One thread
// at a time.
class NetlinkSocket {
public:
    // `bus` is NETLINK_ROUTE or NETLINK_NETFILTER.
    static Result<NetlinkSocket> open(int bus);

    // Sends all messages at once. The first failure is returned, with os() set and the message's label as context;
    // rtnetlink carries out the messages after a failed one all the same, nftables none of its batch. `ack` is the
    // index of the message that asks for the acknowledgement; by default the last.
    Status transact(std::vector<NetlinkMessage>& messages, size_t ack = SIZE_MAX);
    Status transact(NetlinkMessage message);

    // Sends all and reports for each the errno it ended with, 0 for success. Fails only when the socket does.
    Result<std::vector<int>> transact_each(std::vector<NetlinkMessage>& messages);

    // Sends a request that answers with objects, of which there may be none, and returns them. A dump that was
    // disturbed by a change is repeated.
    Result<std::vector<NetlinkReply>> query(NetlinkMessage message);

private:
    explicit NetlinkSocket(UniqueFd fd) : fd_(std::move(fd)) {}

    Status send(std::vector<NetlinkMessage>& messages);
    // Reads one datagram into buffer_; the number of bytes.
    Result<size_t> receive();
    Result<bool> collect(uint32_t sequence, const std::string& label, std::vector<NetlinkReply>& replies);

    UniqueFd fd_;
    uint32_t sequence_ = 0;
    std::vector<char> buffer_ = std::vector<char>(32768);  // the kernel fills dumps up to this size
};

// The errno behind an error of transact(); 0 when it has none.
inline int errno_of(const Error& error) {
    return error.os().domain == SLW_OS_ERRNO ? error.os().code : 0;
}

}  // namespace slipway::linux_backend
