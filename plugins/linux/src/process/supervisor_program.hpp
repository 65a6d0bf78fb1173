// plugins/linux/src/process/supervisor_program.hpp - how slipway-supervisor is executed.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <mutex>
#include <string>

namespace slipway::linux_backend {

// The program through a detached read-only mount of itself. A container can get at the file its first process was
// cloned from (an image whose command is /proc/self/exe), and could write to it once nobody executes it any more
// (CVE-2019-5736); through this mount it cannot. The page cache stays shared, which a copy would not have.
class SupervisorProgram {
public:
    explicit SupervisorProgram(std::string path) : path_(std::move(path)) {}

    // What to execute in this process; valid as long as this object. Safe on any thread.
    Result<std::string> path();
    // The same as a descriptor of the mount, which a container's own reaper is executed from.
    Result<int> descriptor();

private:
    const std::string path_;
    std::mutex mutex_;
    UniqueFd mount_;  // guarded by mutex_ until set, constant afterwards
};

}  // namespace slipway::linux_backend
