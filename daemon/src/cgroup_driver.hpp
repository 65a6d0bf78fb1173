// daemon/src/cgroup_driver.hpp - who makes control groups, as the operator says it in exec-opts.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string>
#include <vector>

namespace slipway::daemon {

// "cgroupfs" or "systemd", out of "native.cgroupdriver=..."; the first one counts, as with dockerd.
//   kInvalidArgument  no KEY=VALUE, another key, or another driver
Result<std::string> cgroup_driver_of(const std::vector<std::string>& exec_opts);

// Under systemd the parent of all groups is a slice. An empty one is the driver's own.
Status check_cgroup_parent(const std::string& driver, const std::string& parent);

// Whether systemd can make control groups here. kUnavailable says what is missing.
Status check_systemd_cgroups();

}  // namespace slipway::daemon
