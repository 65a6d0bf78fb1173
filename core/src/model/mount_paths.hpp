// core/src/model/mount_paths.hpp - the two ways to write paths of mounts: those of containers with Linux in them, and
// those of Windows. Pure text: no file is looked at.
#pragma once

#include <slipway/core/backend.hpp>

#include <string>
#include <string_view>

namespace slipway::core {

enum class PathStyle {
    kLinux,    // /data
    kWindows,  // C:\data, with slashes of either kind; \data is on C:; \\.\pipe\name is a named pipe
};

// BackendInfo::image_os decides.
PathStyle path_style(const std::string& image_os);

struct BindParts {
    std::string_view source, target, mode;
};

// "SOURCE:TARGET", "SOURCE:TARGET:MODE", or "TARGET" alone, which asks for an anonymous volume and leaves source empty.
// The colon behind a drive's letter does not count. kInvalidArgument "invalid volume specification: '%s'".
Result<BindParts> split_bind(std::string_view text, PathStyle style);

// True for a path; false for the name of a volume.
bool is_host_path(std::string_view source, PathStyle style);

// Of Windows alone.
bool is_pipe(std::string_view path, PathStyle style);

// Length and characters. `target` has to be absolute as well, and neither the root nor, on Windows, with ".." in it.
// kInvalidArgument with Docker's texts.
Status check_path(std::string_view path);
Status check_target(std::string_view type, std::string_view target, PathStyle style);

// One spelling for one place: "/a/../b/" becomes "/b", and "c:/a//b\" becomes "C:\a\b".
std::string clean_target(std::string_view target, PathStyle style);

// Equal for targets that are one place: Windows does not tell upper case from lower.
std::string place_of(const std::string& target, PathStyle style);

Error invalid_spec(std::string_view text);
Error invalid_mount(std::string_view type, const std::string& why);

}  // namespace slipway::core
