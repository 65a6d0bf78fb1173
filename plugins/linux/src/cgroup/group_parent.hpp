// plugins/linux/src/cgroup/group_parent.hpp - the name of a parent group, as users give it.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string>

namespace slipway::linux_backend {

// HostConfig.CgroupParent as a path below the hierarchies' mount points, "/a/b"; empty for "" and for "/". With or
// without a leading slash it means the same, as in the daemon's own option.
//   kInvalidArgument  "." or "..", control characters, too long, or a unit of systemd: those are systemd's to make, and
//                     what it does not know it removes
Result<std::string> parse_group_parent(const std::string& name);

}  // namespace slipway::linux_backend
