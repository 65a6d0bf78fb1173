// core/src/model/go_text.hpp - user text in messages, written as Docker's %q does.
#pragma once

#include <string>
#include <string_view>

namespace slipway::core {

// In double quotes, with quotes, backslashes and control characters escaped.
inline std::string go_quoted(std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n' || c == '\t' || c == '\r') {
            out += '\\';
            out += c == '\n' ? 'n' : c == '\t' ? 't' : 'r';
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\x";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else {
            out += c;
        }
    }
    return out += '"';
}

}  // namespace slipway::core
