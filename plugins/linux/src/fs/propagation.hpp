// plugins/linux/src/fs/propagation.hpp - whether mounts made on the host can reach a bind at all.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <string>

namespace slipway::linux_backend {

// How one mount takes part in propagation, from the optional fields of its line in mountinfo.
struct MountPeers {
    std::string target;   // where it is mounted
    bool shared = false;  // "shared:N": sends and receives
    bool slave = false;   // "master:N": receives
};

// The line of mount `id` in the text of /proc/self/mountinfo, or kNotFound.
Result<MountPeers> find_mount(const std::string& mountinfo, uint64_t id);

// Refuses a mode that could not work, with Docker's texts: "shared" wants the source on a shared mount, "slave" on a
// shared or slave one. `source` is a descriptor of it, `path` its name.
Status check_propagation_source(int source, const std::string& path, const std::string& propagation);

}  // namespace slipway::linux_backend
