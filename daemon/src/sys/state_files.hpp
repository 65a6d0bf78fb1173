// daemon/src/sys/state_files.hpp - directories and lock files that are the daemon's own.
#pragma once

#include "sys/os_handle.hpp"

#include <slipway/cpp/error.hpp>

#include <filesystem>
#include <string>

namespace slipway::daemon {

// Makes a directory, and its parents with the usual access, or tightens the one that is there. `mode` is POSIX's; on
// Windows only administrators and SYSTEM get in, whatever it says.
Status make_state_directory(const std::filesystem::path& path, unsigned mode);

struct LockedFile {
    UniqueOsHandle handle;  // the lock lasts as long as this; not set when another process has it
    std::string holder;     // the pid that other process wrote, if any
};

// Takes the exclusive lock of a file, which is made when there is none, and writes this process's pid into it. The lock
// is the kernel's, so a daemon that was killed leaves none behind.
Result<LockedFile> lock_file(const std::filesystem::path& file);

std::string own_pid();

// Whether a slipwayd other than this one has that pid.
bool is_living_daemon(const std::string& pid);

}  // namespace slipway::daemon
