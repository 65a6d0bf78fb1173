// plugins/linux/src/net/firewall_maps.hpp - what the rules and the elements of the port maps must agree about.
#pragma once

#include <cstddef>

namespace slipway::linux_backend {

inline constexpr const char* kPortsAddr = "ports_addr";
inline constexpr const char* kPortsAny = "ports_any";

inline constexpr size_t kNftHeaderBytes = 4;  // sizeof(nfgenmsg)

}  // namespace slipway::linux_backend
