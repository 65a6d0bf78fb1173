// plugins/linux/src/spec/seccomp_tables.hpp - the rows of the default profile and numbers libseccomp does not know yet.
#pragma once

#include <spec/capabilities.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace slipway::linux_backend {

// Calls allowed to everybody.
std::span<const std::string_view> always_allowed_calls();

// Calls allowed with a capability.
struct CapabilityCalls {
    std::string_view capability;
    std::span<const std::string_view> calls;
};
std::span<const CapabilityCalls> capability_calls();

// Number of a call that is the same on every architecture (all since 5.1 are), for those newer than libseccomp 2.5.4.
std::optional<uint32_t> newer_call_number(std::string_view name);

// Number of a socket or System V IPC call on i386, where libseccomp only gives the multiplexer's (socketcall, ipc); the
// direct calls came with 2.6.33 to 5.1.
std::optional<uint32_t> i386_direct_call_number(std::string_view name);

}  // namespace slipway::linux_backend
