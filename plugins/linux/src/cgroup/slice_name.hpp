// plugins/linux/src/cgroup/slice_name.hpp - names of systemd's units for control groups.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string>

namespace slipway::linux_backend {

// The path of a slice below the mount point: every dash in the name is a slice around it, so "a-b.slice" is
// "/a.slice/a-b.slice"; "-.slice" is the root and gives an empty path.
//   kInvalidArgument  not the name of a slice, in Docker's words
Result<std::string> expand_slice(const std::string& name);

// The group of a container in its scope.
inline constexpr const char* kInScope = "/container";

// "slipway-<id>.scope": the unit of a container.
std::string scope_name(const std::string& container_id);

// The id in such a name, or nothing.
std::string container_of_scope(const std::string& unit);

}  // namespace slipway::linux_backend
