// plugins/windows/src/raw/utf16.hpp - text on its way to Windows and back.
#pragma once

#include <string>
#include <string_view>

namespace slipway::windows_backend {

// What is not valid becomes U+FFFD; neither throws for content.
std::u16string to_utf16(std::string_view utf8);
std::string to_utf8(std::u16string_view utf16);

// Whether this is UTF-8, which the two bring back as it was.
bool is_utf8(std::string_view text);

}  // namespace slipway::windows_backend
