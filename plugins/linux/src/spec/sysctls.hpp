// plugins/linux/src/spec/sysctls.hpp - which kernel parameters a container may set: those of its own name spaces.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <string>

namespace slipway::linux_backend {

// The ones of HostConfig.Sysctls, keys with dots, plus the two every private network name space gets so that nobody
// needs a capability for port 80 or ping. A key given by the user wins.
// kInvalidArgument: not in a name space of the container's own, or a key or value that could be read as more than one.
Result<std::map<std::string, std::string>> resolve_sysctls(const nlohmann::json& host_config);

}  // namespace slipway::linux_backend
