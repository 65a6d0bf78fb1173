// daemon/src/sys/state_files.hpp - directories and lock files that are the daemon's own.
#pragma once

#include "sys/os_handle.hpp"

#include <slipway/cpp/error.hpp>

#include <filesystem>
#include <string>

namespace slipway::daemon {

// Makes a directory, and its parents with the usual access, or tightens the one that is there. `mode` is POSIX's; on
// Windows only administrators and SYSTEM get in, whatever it says, and one that is there must pass check_owner().
Status make_state_directory(const std::filesystem::path& path, unsigned mode);

// On Windows anybody may make directories where the daemon's are by default, and who made something can always give
// himself access to it. On POSIX the parents' modes see to that.
//   kPermissionDenied  it, or what it links to, belongs neither to administrators or SYSTEM nor to this process's user
Status check_owner(const std::filesystem::path& path);

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
