// plugins/linux/src/process/user_namespace.hpp - name spaces in which a container's users are others outside.
#pragma once

#include <process/supervisor_program.hpp>
#include <slipway/cpp/error.hpp>
#include <spec/id_map.hpp>
#include <sys/unique_fd.hpp>

#include <sys/types.h>

#include <optional>

namespace slipway::linux_backend {

struct UserNamespace {
    UniqueFd fd;
    UniqueFd network;  // a network name space that belongs to it, as made; taken by the sandbox that wants one
};

// A new one with the maps of `map`. It is made by a process of its own, which is gone when this returns: a process
// with threads, like the daemon, cannot change its user name space.
//   kSystem  the kernel refuses; message and os code have the reason
Result<UserNamespace> make_user_namespace(SupervisorProgram& supervisor, const IdMap& map);

// That of a running container with the first process `pid`.
//   kConflict  it does not run any more
Result<UniqueFd> open_user_namespace(pid_t pid);

// A new network name space, as made, that belongs to the user name space of `pid`.
Result<UniqueFd> make_netns_of_user(SupervisorProgram& supervisor, pid_t pid);

// The maps of the user name space of process `pid`, or nothing when it is the daemon's own.
//   kNotFound  the process ended
Result<std::optional<IdMap>> user_map_of(pid_t pid);

}  // namespace slipway::linux_backend
