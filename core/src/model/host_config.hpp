// core/src/model/host_config.hpp - the part of verification that does not depend on a machine. The backend's verify()
// does the rest (kernel support, ranges of resources).
#pragma once

#include "model/mount_paths.hpp"

#include <slipway/core/record.hpp>

#include <nlohmann/json.hpp>

#include <slipway/cpp/error.hpp>

#include <string>

namespace slipway::core {

// Checks a normalised HostConfig and fills what Docker fills when it is blank: LogConfig.Type "json-file", NetworkMode
// "default", RestartPolicy.Name "no". Idempotent, so it can run again at every start. Order and texts of start-flow.md
// 10.2 column M: auto-remove with a restart policy, mounts, extra hosts, name servers, ports, restart policy,
// annotations, log options. kInvalidArgument with Docker's text.
Status check_host_config(nlohmann::json& host_config, PathStyle style = PathStyle::kLinux);

// hostname, hosts and resolv.conf in the container's own directory.
void use_own_network_files(ContainerRecord& record);

}  // namespace slipway::core
