// plugins/linux/src/spec/verify.hpp - checks a host configuration against this machine and completes it.
#pragma once

#include <cgroup/cgroup_manager.hpp>
#include <slipway/cpp/error.hpp>
#include <spec/kernel_facts.hpp>

#include <nlohmann/json.hpp>

namespace slipway::linux_backend {

// Does the work of slw_create_ops.verify: `request` and the result have the shapes given there. Texts are Docker's,
// since clients look at them. Keys that are absent or null count as not set. Applying it to its own result changes
// nothing and gives no new warnings for what was discarded.
//   kInvalidArgument  not acceptable, with Docker's text
//   kUnimplemented    asks for something this backend does not have
Result<nlohmann::json> verify(const nlohmann::json& request, const CgroupSupport& cgroups, const KernelFacts& kernel);

}  // namespace slipway::linux_backend
