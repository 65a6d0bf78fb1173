// plugins/windows/src/documents/bytes.hpp - numbers in the byte order of Windows' structures, whatever machine this is.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace slipway::windows_backend {

template <std::unsigned_integral Number>
void put(std::string& bytes, std::type_identity_t<Number> value) {
    for (size_t i = 0; i < sizeof(Number); ++i) {
        bytes += static_cast<char>(value & 0xFF);
        value = static_cast<Number>(static_cast<uint64_t>(value) >> 8);
    }
}

// The caller has checked that so many bytes are there.
template <std::unsigned_integral Number>
Number get(std::string_view bytes, size_t offset) {
    uint64_t value = 0;
    for (size_t i = sizeof(Number); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
    return static_cast<Number>(value);
}

inline void put_utf16(std::string& bytes, std::u16string_view text) {
    for (const char16_t unit : text) put<uint16_t>(bytes, unit);
}

// `size` in bytes; an odd last byte is left out.
inline std::u16string get_utf16(std::string_view bytes, size_t offset, size_t size) {
    std::u16string text;
    for (size_t at = offset; at + 1 < offset + size; at += 2) {
        text += static_cast<char16_t>(get<uint16_t>(bytes, at));
    }
    return text;
}

}  // namespace slipway::windows_backend
