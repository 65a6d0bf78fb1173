// plugins/linux/src/net/ipam.hpp - which addresses of a subnet are in use.
#pragma once

#include <net/ipv4.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// Hands out the host addresses of one subnet, one bit each. Next-fit: a released address comes up again only after all
// others did, so that caches of neighbours and connections of its former holder have long expired. Thread-safe.
class AddressPool {
public:
    // The network and broadcast addresses are never handed out, and neither is `gateway`. `range`, a part of the
    // subnet, limits what allocate() picks from; fixed addresses may lie outside it.
    //   kInvalidArgument  the subnet is larger than /8 or smaller than /30, or gateway or range lie outside it
    static Result<std::shared_ptr<AddressPool>> create(Ipv4Prefix subnet, Ipv4 gateway,
                                                       std::optional<Ipv4Prefix> range = std::nullopt);

    // The next free address; kResourceExhausted when there is none.
    Result<Ipv4> allocate();

    // Takes a given address, for fixed ones and to recover what a container already has.
    //   kInvalidArgument  outside the subnet, or its network or broadcast address
    //   kConflict         taken
    Status reserve(Ipv4 address);

    // Gives an address back. Not taken is fine, the gateway stays taken.
    void release(Ipv4 address);

    // Addresses taken, the gateway aside.
    size_t used() const;

private:
    AddressPool(Ipv4Prefix subnet, Ipv4 gateway, Ipv4Prefix range);

    bool test(uint32_t offset) const { return (bits_[offset / 64] >> (offset % 64) & 1) != 0; }
    void set(uint32_t offset) { bits_[offset / 64] |= uint64_t{1} << (offset % 64); }
    // First free offset in [from, to), or `to`.
    uint32_t find_free(uint32_t from, uint32_t to) const;
    bool is_usable(Ipv4 address) const;

    const Ipv4Prefix subnet_;
    const Ipv4 gateway_;
    uint32_t first_, end_;  // offsets allocate() picks from

    mutable std::mutex mutex_;
    std::vector<uint64_t> bits_;  // guarded by mutex_; bit n is network + n
    uint32_t next_;               // guarded by mutex_
    size_t used_ = 0;             // guarded by mutex_
};

// An address that goes back unless it is kept.
class AddressLease {
public:
    AddressLease(std::shared_ptr<AddressPool> pool, Ipv4 address) : pool_(std::move(pool)), address_(address) {}
    AddressLease(AddressLease&& other) noexcept = default;
    AddressLease& operator=(AddressLease&&) = delete;
    ~AddressLease() {
        if (pool_) pool_->release(address_);
    }

    Ipv4 address() const { return address_; }
    // The address stays taken until somebody calls release() on the pool.
    Ipv4 keep() {
        pool_.reset();
        return address_;
    }

private:
    std::shared_ptr<AddressPool> pool_;
    Ipv4 address_;
};

}  // namespace slipway::linux_backend
