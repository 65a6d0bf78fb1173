// daemon/src/directories.hpp - the two state directories, their exclusive locks, and the pid file.
#pragma once

#include "options.hpp"
#include "sys/os_handle.hpp"

#include <string>
#include <utility>

namespace slipway::daemon {

// Holds both roots against other daemons until it goes. Move-only.
struct Directories {
    UniqueOsHandle data_lock, exec_lock;
};

// Makes the roots (data root 0710, its `backends` and the exec root's 0700, exec root 0711: the socket lies there) and
// locks them. kConflict naming the directory and the pid when another daemon uses one.
Result<Directories> prepare_directories(const DaemonOptions& options);

// Writes the daemon's pid to a file and removes it when it goes. kConflict when the file names a living slipwayd.
class PidFile {
public:
    static Result<PidFile> write(const std::string& path);  // an empty path writes nothing
    PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    PidFile& operator=(PidFile&&) = delete;
    ~PidFile();

private:
    explicit PidFile(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

// 8 hex digits that tell daemons on one machine apart, stable for one exec root.
std::string instance_of(const std::filesystem::path& exec_root);

}  // namespace slipway::daemon
