// core/src/sys/shared_reader.hpp - files that others rename and remove while they are read, as is the rule on POSIX.
#pragma once

#include <filesystem>
#include <istream>
#include <memory>

namespace slipway::core {

// For reading and seeking. Null when it cannot be opened; errno says why, ENOENT when it is not there.
std::unique_ptr<std::istream> open_shared(const std::filesystem::path& path);

}  // namespace slipway::core
