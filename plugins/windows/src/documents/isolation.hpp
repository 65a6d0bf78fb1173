// plugins/windows/src/documents/isolation.hpp - what keeps a container apart: the kernel's silos, or a virtual machine.
#pragma once

#include <documents/environment.hpp>
#include <documents/json_access.hpp>

namespace slipway::windows_backend {

// Of Docker's HostConfig. Verified ones spell it "hyperv".
inline bool is_hyperv(const nlohmann::json& host_config) {
    return equal_ignoring_case(read_text(host_config, "Isolation"), "hyperv");
}

}  // namespace slipway::windows_backend
