// plugins/windows/src/ops/made_system.hpp - the compute system of a container, joined from all that was prepared.
#pragma once

#include <container.hpp>

namespace slipway::windows_backend {

// A system, not started, and the virtual machine around it if there is one, which runs.
struct MadeSystem {
    std::unique_ptr<UtilityVm> machine;
    System system;
};

// By the document of build_spec(): one with a "Machine" is for Hyper-V isolation. On failure nothing is left.
//   kConflict         process isolation without a root, Hyper-V isolation with one
//   kInvalidArgument  Hyper-V isolation on an image that has no utility virtual machine
Result<MadeSystem> make_system(slw_container& c, const nlohmann::json& spec, const CallLimits& call);

}  // namespace slipway::windows_backend
