// plugins/linux/src/cgroup/layout.hpp - where this machine keeps its control groups.
#pragma once

#include <cgroup/cgroup_manager.hpp>

#include <string>
#include <vector>

namespace slipway::linux_backend {

// One mounted v1 hierarchy.
struct CgroupHierarchy {
    std::string mount_point;
    std::vector<std::string> controllers;  // "cpu", "cpuacct"..., or "name=systemd" alone

    bool has(const std::string& controller) const;
};

struct CgroupLayout {
    CgroupSupport::Version version = CgroupSupport::Version::kV1;
    std::vector<CgroupHierarchy> hierarchies;  // v1 and hybrid
    std::string unified;                       // v2: mount point
    // A plain directory tree stands in for the kernel's: control files are made when they are written.
    bool plain_files = false;

    // The hierarchy that has `controller`, or nullptr.
    const CgroupHierarchy* find(const std::string& controller) const;
};

// Reads the text of a mountinfo file. A machine is v2 only when no v1 controller is mounted: with the hybrid the
// controllers are all on the v1 side.
CgroupLayout parse_cgroup_layout(const std::string& mountinfo);

// The running machine's.
CgroupLayout probe_cgroup_layout();

// What the groups below `layout` can do, from the files that exist there and in the directories of other groups.
CgroupSupport probe_cgroup_support(const CgroupLayout& layout);

}  // namespace slipway::linux_backend
