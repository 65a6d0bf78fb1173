// plugins/linux/src/net/ipv4.hpp - IPv4 addresses and prefixes as values.
#pragma once

#include <slipway/cpp/error.hpp>

#include <compare>
#include <cstdint>
#include <string>

namespace slipway::linux_backend {

// An address in host byte order; 0 is "0.0.0.0".
struct Ipv4 {
    uint32_t value = 0;

    // Four decimal numbers, no leading zeros, nothing around them. kInvalidArgument names the text.
    static Result<Ipv4> parse(const std::string& text);

    std::string to_string() const;
    uint32_t network_order() const;
    bool is_unspecified() const { return value == 0; }

    auto operator<=>(const Ipv4&) const = default;
};

// An address with the length of its prefix: 172.26.0.1/16 is both the address and the subnet it lies in.
struct Ipv4Prefix {
    Ipv4 address;
    uint8_t length = 0;

    // "172.26.0.1/16". kInvalidArgument names the text.
    static Result<Ipv4Prefix> parse(const std::string& text);

    uint32_t mask() const { return length == 0 ? 0 : ~uint32_t{0} << (32 - length); }
    Ipv4 network() const { return {address.value & mask()}; }
    Ipv4 broadcast() const { return {address.value | ~mask()}; }
    bool contains(Ipv4 other) const { return (other.value & mask()) == network().value; }
    bool overlaps(const Ipv4Prefix& other) const;
    // The subnet, host bits cleared: "172.26.0.0/16".
    std::string subnet_string() const;
    // The address with its length: "172.26.0.1/16".
    std::string to_string() const;

    bool operator==(const Ipv4Prefix&) const = default;
};

// The hardware address of a container with this address: 02:42 and the four bytes, locally administered. The same
// address always has the same one, so that neighbours' caches stay right when it moves.
std::string mac_of(Ipv4 address);

// "02:42:ac:1a:00:02" as bytes. kInvalidArgument for anything else, and for group addresses.
Status parse_mac(const std::string& text, uint8_t (&out)[6]);

}  // namespace slipway::linux_backend
