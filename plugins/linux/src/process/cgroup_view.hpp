// plugins/linux/src/process/cgroup_view.hpp - which control group hierarchies a container sees below /sys/fs/cgroup.
#pragma once

#include <cgroup/cgroup_manager.hpp>

#include <string>
#include <vector>

namespace slipway::linux_backend {

// One v1 hierarchy.
struct CgroupViewPart {
    std::string name;                  // directory below /sys/fs/cgroup: "memory", "cpu,cpuacct", "systemd"
    std::vector<std::string> options;  // what mounting it takes: "memory"; "none" and "name=systemd"
    std::string group;                 // the container's own directory there, as the engine sees it
};

// The v1 hierarchies among the mounts of `mountinfo` (the text of /proc/self/mountinfo) that hold one of `task_paths`.
// Those the container has not entered are left out: their view would start at the engine's own group.
std::vector<CgroupViewPart> cgroup_hierarchies(const std::string& mountinfo,
                                               const std::vector<std::string>& task_paths);

// The same for this machine and the groups of `entry`.
std::vector<CgroupViewPart> entered_hierarchies(const CgroupEntry& entry);

}  // namespace slipway::linux_backend
