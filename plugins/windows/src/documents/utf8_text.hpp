// plugins/windows/src/documents/utf8_text.hpp - paths of the ABI, which are UTF-8, as std::filesystem takes them on any
// platform.
#pragma once

#include <raw/utf16.hpp>

#include <filesystem>
#include <string>

namespace slipway::windows_backend {

// Where paths are UTF-16, what is no valid text becomes U+FFFD both ways: a file of a container can have such a name,
// and an error about it must not become an exception.
inline std::filesystem::path path_from_utf8(const std::string& text) {
    using Native = std::filesystem::path::string_type;
    if constexpr (sizeof(Native::value_type) == sizeof(char16_t)) {
        const std::u16string wide = to_utf16(text);
        return std::filesystem::path(Native(wide.begin(), wide.end()));
    } else {
        return std::filesystem::path(Native(text.begin(), text.end()));
    }
}

inline std::string utf8_of_path(const std::filesystem::path& path) {
    const std::filesystem::path::string_type& native = path.native();
    if constexpr (sizeof(native[0]) == sizeof(char16_t)) {
        return to_utf8(std::u16string(native.begin(), native.end()));
    } else {
        return std::string(native.begin(), native.end());
    }
}

}  // namespace slipway::windows_backend
