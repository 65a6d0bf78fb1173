#include <net/ipam.hpp>

#include <algorithm>
#include <bit>

namespace slipway::linux_backend {

namespace {

// A /8 is 2 MiB of bits; nobody needs more containers on one bridge.
constexpr uint8_t kShortestPrefix = 8;
constexpr uint8_t kLongestPrefix = 30;  // two hosts: the gateway and one container

}  // namespace

Result<std::shared_ptr<AddressPool>> AddressPool::create(Ipv4Prefix subnet, Ipv4 gateway,
                                                         std::optional<Ipv4Prefix> range) {
    if (subnet.length < kShortestPrefix || subnet.length > kLongestPrefix) {
        return Error(ErrorCode::kInvalidArgument, "subnet '" + subnet.subnet_string() + "' is not between /8 and /30")
            .with_resource(subnet.subnet_string());
    }
    if (!subnet.contains(gateway) || gateway == subnet.network() || gateway == subnet.broadcast()) {
        return Error(ErrorCode::kInvalidArgument,
                     "gateway '" + gateway.to_string() + "' is no host of subnet '" + subnet.subnet_string() + "'")
            .with_resource(gateway.to_string());
    }
    const Ipv4Prefix part = range.value_or(subnet);
    if (part.length < subnet.length || !subnet.contains(part.network())) {
        return Error(ErrorCode::kInvalidArgument, "address range '" + part.subnet_string() +
                                                      "' is not inside subnet '" + subnet.subnet_string() + "'")
            .with_resource(part.subnet_string());
    }
    return std::shared_ptr<AddressPool>(new AddressPool(subnet, gateway, part));
}

AddressPool::AddressPool(Ipv4Prefix subnet, Ipv4 gateway, Ipv4Prefix range)
    : subnet_(subnet), gateway_(gateway), bits_((uint64_t{1} << (32 - subnet.length)) / 64 + 1) {
    const uint32_t base = subnet.network().value;
    first_ = std::max(range.network().value - base, 1U);
    end_ = std::min(range.broadcast().value - base + 1, subnet.broadcast().value - base);
    next_ = first_;
    set(gateway.value - base);
}

uint32_t AddressPool::find_free(uint32_t from, uint32_t to) const {
    while (from < to) {
        // The bits from `from` on, moved to the bottom; what is shifted in at the top counts as free and is cut by the
        // step below.
        const auto taken = static_cast<uint32_t>(std::countr_one(bits_[from / 64] >> (from % 64)));
        const uint32_t left_in_word = 64 - from % 64;
        if (taken < left_in_word) return std::min(from + taken, to);
        from += left_in_word;
    }
    return to;
}

Result<Ipv4> AddressPool::allocate() {
    const std::lock_guard lock(mutex_);
    uint32_t offset = find_free(next_, end_);
    if (offset == end_) {
        offset = find_free(first_, end_);
        if (offset == end_) {
            return Error(ErrorCode::kResourceExhausted,
                         "no available IPv4 addresses in '" + subnet_.subnet_string() + "'")
                .with_operation("allocate address")
                .with_resource(subnet_.subnet_string())
                .with_hint("remove containers or give the bridge a larger subnet");
        }
    }
    set(offset);
    ++used_;
    next_ = offset + 1;
    return Ipv4{subnet_.network().value + offset};
}

bool AddressPool::is_usable(Ipv4 address) const {
    return subnet_.contains(address) && address != subnet_.network() && address != subnet_.broadcast();
}

Status AddressPool::reserve(Ipv4 address) {
    if (!is_usable(address)) {
        return Error(ErrorCode::kInvalidArgument,
                     "invalid address " + address.to_string() + ": it is no host of subnet " + subnet_.subnet_string())
            .with_operation("reserve address")
            .with_resource(address.to_string());
    }
    const std::lock_guard lock(mutex_);
    const uint32_t offset = address.value - subnet_.network().value;
    if (test(offset)) {
        return Error(ErrorCode::kConflict, "Address already in use: " + address.to_string())
            .with_operation("reserve address")
            .with_resource(address.to_string());
    }
    set(offset);
    ++used_;
    return ok();
}

void AddressPool::release(Ipv4 address) {
    if (!is_usable(address) || address == gateway_) return;
    const std::lock_guard lock(mutex_);
    const uint32_t offset = address.value - subnet_.network().value;
    if (!test(offset)) return;
    bits_[offset / 64] &= ~(uint64_t{1} << (offset % 64));
    --used_;
}

size_t AddressPool::used() const {
    const std::lock_guard lock(mutex_);
    return used_;
}

}  // namespace slipway::linux_backend
