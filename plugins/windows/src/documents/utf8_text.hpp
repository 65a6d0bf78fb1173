// plugins/windows/src/documents/utf8_text.hpp - paths of the ABI, which are UTF-8, as std::filesystem takes them on any
// platform.
#pragma once

#include <filesystem>
#include <string>

namespace slipway::windows_backend {

inline std::filesystem::path path_from_utf8(const std::string& text) {
    return std::filesystem::path(std::u8string(text.begin(), text.end()));
}

inline std::string utf8_of_path(const std::filesystem::path& path) {
    const std::u8string text = path.u8string();
    return {text.begin(), text.end()};
}

}  // namespace slipway::windows_backend
