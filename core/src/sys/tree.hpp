// core/src/sys/tree.hpp - directories whose content containers chose: links in them are never followed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <system_error>

namespace slipway::core {

// Removes it with all that is in it; links and mount points go themselves. Gone already is success. Goes on after a
// failure and returns the first. Nobody may put links into it meanwhile. Blocks.
std::error_code remove_tree(const std::filesystem::path& path);

// Bytes of the files in it. What is gone or cannot be read counts for nothing. Blocks.
uint64_t tree_size(const std::filesystem::path& path);

// The way to what is there without links in it.
std::filesystem::path real_path(const std::filesystem::path& path, std::error_code& error);

}  // namespace slipway::core
