// plugins/linux/src/spec/resources.hpp - HostConfig's limits as OCI's linux.resources and process.rlimits.
#pragma once

#include <slipway/cpp/error.hpp>
#include <spec/kernel_facts.hpp>

#include <nlohmann/json.hpp>

namespace slipway::linux_backend {

// Everything but the devices. Only what was asked for appears. `host_config` has passed verify.
// kNotFound: a block device of a throttle list is not there.
Result<nlohmann::json> resolve_resources(const nlohmann::json& host_config);

// HostConfig.Ulimits, and RLIMIT_NOFILE 1024:524288 when it is not among them: programs that close every possible
// descriptor take minutes under the infinity a daemon runs with. A default this process cannot hand out is cut.
// kInvalidArgument: an unknown name, or soft above hard.
Result<nlohmann::json> resolve_rlimits(const nlohmann::json& host_config, const KernelFacts& kernel);

}  // namespace slipway::linux_backend
