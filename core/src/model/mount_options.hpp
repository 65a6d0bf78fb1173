// core/src/model/mount_options.hpp - the words behind a bind or tmpfs: "ro,rslave", "size=64m,mode=1770".
#pragma once

#include <slipway/core/backend.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace slipway::core {

// The parts between commas; none for an empty text.
std::vector<std::string_view> split_words(std::string_view text, char separator = ',');

// "/a/../b/" becomes "/b": what the path means, without looking at a disk. `path` is absolute.
std::string clean_path(std::string_view path);

bool is_propagation(std::string_view word);

// Fills flags and propagation of a bind. kInvalidArgument "invalid mode: <mode>" for unknown or contradicting words.
Status apply_bind_mode(std::string_view mode, MountParams& params);

// Fills flags, size and mode of a tmpfs; noexec, nosuid and nodev are the start. kUnimplemented names an option that is
// valid but not offered.
Status apply_tmpfs_options(std::string_view options, MountParams& params);

}  // namespace slipway::core
