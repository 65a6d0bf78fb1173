// core/src/plugin_host/trust.hpp - whether a plugin's files may be loaded into the daemon. One file per platform.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace slipway::core {

// Checks the library, its manifest and the directories of both. The rule: nobody may be able to change what is loaded
// who could not change the daemon's own program. kPermissionDenied names the file and what is wrong with it.
Status check_trusted(const std::filesystem::path& library);

// Who may change a file, in POSIX terms.
struct FileOwner {
    uint32_t uid = 0;
    uint32_t gid = 0;
    uint32_t mode = 0;  // permission bits
};

// The rule itself: why `file` must not be loaded into a daemon that runs as `euid` from `program`; empty when it may.
std::string reason_to_distrust(const FileOwner& file, const FileOwner& program, uint32_t euid);

}  // namespace slipway::core
