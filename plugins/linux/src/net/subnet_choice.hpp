// plugins/linux/src/net/subnet_choice.hpp - a subnet for a bridge that nobody gave one. Pure.
#pragma once

#include <net/ipv4.hpp>

#include <optional>
#include <vector>

namespace slipway::linux_backend {

// The first candidate that overlaps nothing in `used`, with the address of its gateway, which is its first host. The
// candidates start at 172.26.0.0/16: 172.17 to 172.25 is where dockerd puts its own networks first. Nothing when all
// overlap.
std::optional<Ipv4Prefix> choose_subnet(const std::vector<Ipv4Prefix>& used);

}  // namespace slipway::linux_backend
