// plugins/linux/src/fs/overlay_mount.hpp - makes a detached overlay of directories that are already open.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// Descriptors of the directories, opened for reading (O_PATH is refused by the kernels that take descriptors first).
// Borrowed for the call: the mount holds what it needs.
struct OverlayParts {
    std::vector<int> lower;  // lowest first, at least one
    int base = -1;           // the directory that holds "upper" and "work"
    int upper = -1;
    int work = -1;
    // When not -1: all of them with their ids mapped by it (map_mount_ids), so that the overlay shows the ids of the
    // host. Linux 5.19; before 6.15 only kPrivateNamespace can do it. The host's ids of its root go along: overlayfs
    // makes files of its own as whoever mounted it, who must be somebody in the map.
    int user_namespace = -1;
    uint32_t root_uid = 0, root_gid = 0;
};

// The ways to name the directories to the kernel, best first. All of them go by descriptor, so no path is looked up
// again between the check and the mount; the last one looks the same directories up and compares.
enum class OverlayMethod {
    kDescriptors,       // FSCONFIG_SET_FD; Linux 6.13
    kLowerPlus,         // one "lowerdir+" string per layer; Linux 6.8
    kLowerString,       // one "lowerdir" string of at most 255 bytes: about a dozen layers
    kPrivateNamespace,  // mount(2) with one page of options, in a mount namespace that lives for this one mount:
                        // about 200 layers on any kernel
};

// A detached overlay, or why not. `mount_overlay` takes the first method the running kernel accepts and remembers it;
// `mount_overlay_by` uses exactly one. The mount is writable: whoever attaches it makes it read-only when its mount
// points exist.
Result<UniqueFd> mount_overlay(const OverlayParts& parts);
Result<UniqueFd> mount_overlay_by(OverlayMethod method, const OverlayParts& parts);

}  // namespace slipway::linux_backend
