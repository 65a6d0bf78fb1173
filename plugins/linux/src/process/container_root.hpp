// plugins/linux/src/process/container_root.hpp - what a running container sees of file systems, by descriptor.
#pragma once

#include <container.hpp>
#include <process/supervisor_session.hpp>
#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

namespace slipway::linux_backend {

// "container <id> is not running", kConflict.
Error container_not_running(const slw_container& c);

// The root directory of the container's first process, as a place (O_PATH). kConflict when it has ended.
Result<UniqueFd> open_process_root(const slw_container& c, const SupervisorSession& session);

// A file of the first process below its directory in /proc, such as "ns/mnt", for reading. kConflict when it has ended.
Result<UniqueFd> open_process_file(const slw_container& c, const SupervisorSession& session, const char* name);

}  // namespace slipway::linux_backend
