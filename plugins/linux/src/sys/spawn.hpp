// plugins/linux/src/sys/spawn.hpp - starts a program from this multi-threaded process.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <sys/types.h>

#include <string>

namespace slipway::linux_backend {

// Starts `program` with one argument and an empty environment, in its own session, with signal mask and dispositions
// reset, /dev/null as descriptors 0 to 2 and `control` as descriptor 3. posix_spawn: the child shares our memory until
// execve and runs no code of ours, so the size and the threads of this process do not matter.
Result<pid_t> spawn_with_control(const std::string& program, const std::string& argument, int control);

}  // namespace slipway::linux_backend
