// plugins/linux/src/fs/mount_plan.hpp - checks a mount request and turns it into data; touches nothing.
#pragma once

#include <slipway/mount.h>
#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <string>

namespace slipway::linux_backend {

// A request that passed every check that needs no look at the file system.
struct MountPlan {
    std::string source;          // absolute; empty for an in-memory directory
    std::string target;          // absolute and normal: no "." or "..", no doubled or trailing slash, never "/"
    std::string propagation;     // empty for rprivate
    uint64_t attributes = 0;     // MOUNT_ATTR_* for the whole tree
    bool read_only = false;      // the top mount
    bool all_read_only = false;  // the mounts below too
    bool recursive = true;       // take the mounts below the source along
    bool create_source = false;
    bool copy_up = false;      // fill an empty source from the root first
    bool no_symlinks = false;  // in the source's path
    bool map_ids = false;      // of the source, to the container's users
    uint64_t limit_bytes = 0;  // in-memory only; 0: the kernel's default, half of the memory
    uint32_t mode = 0;         // in-memory only
};

Result<MountPlan> plan_mount(const slw_mount_request& request);

// The normal form of a mount target, or why nothing may be mounted there. /proc and below is refused but for the few
// files that containers commonly replace: a false /proc would defeat masks and LSM labels (CVE-2019-16884 and family).
Result<std::string> check_target(const std::string& target);

}  // namespace slipway::linux_backend
