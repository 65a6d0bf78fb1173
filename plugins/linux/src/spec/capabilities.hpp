// plugins/linux/src/spec/capabilities.hpp - capability names, Docker's default set, and CapAdd/CapDrop.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::linux_backend {

// A set of capabilities, bit n for capability number n.
using CapabilitySet = uint64_t;

// The 14 a container has by default: 00000000a80425fb in /proc/self/status.
extern const CapabilitySet kDefaultCapabilities;

// Names as OCI wants them, CAP_CHOWN..., in the order of their numbers.
std::vector<std::string> capability_names(CapabilitySet set);

// Bit of a full name such as "CAP_CHOWN"; 0 when there is no such capability.
CapabilitySet capability_bit(std::string_view name);

// The container's set. `available` is what may be handed out, `known` what the kernel has. Names come in any case, with
// or without "CAP_"; "ALL" means everything available. A named one that is known and not available is left out: see
// missing_capabilities(). kInvalidArgument has Docker's text, beginning with "invalid CapAdd: " or "invalid CapDrop: ".
Result<CapabilitySet> resolve_capabilities(const std::vector<std::string>& add, const std::vector<std::string>& drop,
                                           bool privileged, CapabilitySet available,
                                           CapabilitySet known = ~CapabilitySet{0});

// What of the wish is left out because it is not `available`.
Result<CapabilitySet> missing_capabilities(const std::vector<std::string>& add, const std::vector<std::string>& drop,
                                           bool privileged, CapabilitySet available, CapabilitySet known);

}  // namespace slipway::linux_backend
