// plugins/linux/src/process/mount_options.hpp - mount options as fstab and OCI write them, sorted for the new mount
// API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace slipway::linux_backend {

struct MountOptions {
    uint64_t attr_set = 0;                                                 // MOUNT_ATTR_*
    uint64_t attr_clear = 0;                                               // MOUNT_ATTR_*
    uint64_t propagation = 0;                                              // MS_PRIVATE, MS_SHARED, MS_SLAVE or 0
    bool recursive = false;                                                // rbind, rprivate, ...
    std::vector<std::pair<std::string, std::optional<std::string>>> data;  // for the file system itself
};

MountOptions parse_mount_options(const std::vector<std::string>& options);

// "rprivate", "slave", ...: MS_* and whether mounts below are meant too. 0 for the empty and unknown ones.
std::pair<uint64_t, bool> parse_propagation(const std::string& name);

}  // namespace slipway::linux_backend
