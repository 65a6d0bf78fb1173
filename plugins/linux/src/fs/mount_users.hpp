// plugins/linux/src/fs/mount_users.hpp - for whose eyes a root or a mount is made.
#pragma once

#include <spec/id_map.hpp>

namespace slipway::linux_backend {

// The users of a container with a user name space, borrowed; without one, those of the daemon's own.
struct MountUsers {
    const IdMap* map = nullptr;
    int user_namespace = -1;  // one with that map; set when `map` is
};

}  // namespace slipway::linux_backend
