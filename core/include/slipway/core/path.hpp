// core/include/slipway/core/path.hpp - paths from text. path::string() gives UTF-8 on every platform; the other
// direction takes char for the encoding of the C library on Windows, which is none that could hold every name.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace slipway::core {

inline std::filesystem::path path_of(std::string_view utf8) {
    return std::filesystem::path(std::u8string(utf8.begin(), utf8.end()));
}

}  // namespace slipway::core
