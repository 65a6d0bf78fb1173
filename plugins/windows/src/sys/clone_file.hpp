// plugins/windows/src/sys/clone_file.hpp - a file of a layer once more, with all it has.
#pragma once

#include <slipway/cpp/error.hpp>

#include <filesystem>

namespace slipway::windows_backend {

// A file, a link, or a directory without what is in it. `to` is not there, its directory is. The thread has
// BackupPrivileges.
Status clone_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace slipway::windows_backend
