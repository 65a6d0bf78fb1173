// plugins/linux/src/sys/foreign_mount.hpp - mounts in the mount name space of another process.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <sys/types.h>

#include <optional>
#include <string>

namespace slipway::linux_backend {

struct ForeignPath {
    pid_t pid = 0;
    std::string path;  // absolute, as that process sees it
};

// Takes "/proc/<pid>/root/<path>" apart; nullopt for any other path.
std::optional<ForeignPath> parse_foreign_path(const std::string& path);

// A detached clone of what is mounted at `path`, with everything below. The kernel clones mounts only of the caller's
// own name space, so this enters that of `pid`, on a thread of its own. No part of `path` may be a symbolic link: the
// other side could have made it.
Result<UniqueFd> clone_tree_of(pid_t pid, const std::string& path);

}  // namespace slipway::linux_backend
