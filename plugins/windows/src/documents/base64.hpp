// plugins/windows/src/documents/base64.hpp - bytes as text, as layers carry security descriptors and attributes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::windows_backend {

std::string to_base64(std::string_view bytes);
// Nothing for what is not whole: other characters, missing padding, bits left over.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace slipway::windows_backend
