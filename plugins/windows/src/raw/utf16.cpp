#include <raw/utf16.hpp>

#include <cstdint>

namespace slipway::windows_backend {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Reads one code point at `at`, which it moves on. At least one byte is taken.
char32_t next_code_point(std::string_view text, size_t& at) {
    const auto lead = static_cast<uint8_t>(text[at++]);
    if (lead < 0x80) return lead;
    const int more = lead >= 0xF0 && lead < 0xF5 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC2 ? 1 : 0;
    if (more == 0 || lead >= 0xF5) return kReplacement;
    char32_t value = lead & (0x3F >> more);
    size_t next = at;
    for (int i = 0; i < more; ++i, ++next) {
        if (next >= text.size() || (static_cast<uint8_t>(text[next]) & 0xC0) != 0x80) return kReplacement;
        value = value << 6 | (static_cast<uint8_t>(text[next]) & 0x3F);
    }
    constexpr char32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < kLeast[more] || value > 0x10FFFF || surrogate) return kReplacement;
    at = next;
    return value;
}

void append_utf8(std::string& text, char32_t value) {
    const auto put = [&text](char32_t byte) { text += static_cast<char>(static_cast<uint8_t>(byte)); };
    if (value < 0x80) {
        put(value);
    } else if (value < 0x800) {
        put(0xC0 | value >> 6);
        put(0x80 | (value & 0x3F));
    } else if (value < 0x10000) {
        put(0xE0 | value >> 12);
        put(0x80 | (value >> 6 & 0x3F));
        put(0x80 | (value & 0x3F));
    } else {
        put(0xF0 | value >> 18);
        put(0x80 | (value >> 12 & 0x3F));
        put(0x80 | (value >> 6 & 0x3F));
        put(0x80 | (value & 0x3F));
    }
}

}  // namespace

std::u16string to_utf16(std::string_view utf8) {
    std::u16string text;
    text.reserve(utf8.size());
    for (size_t at = 0; at < utf8.size();) {
        const char32_t value = next_code_point(utf8, at);
        if (value < 0x10000) {
            text += static_cast<char16_t>(value);
        } else {
            text += static_cast<char16_t>(0xD800 + ((value - 0x10000) >> 10));
            text += static_cast<char16_t>(0xDC00 + ((value - 0x10000) & 0x3FF));
        }
    }
    return text;
}

std::string to_utf8(std::u16string_view utf16) {
    std::string text;
    text.reserve(utf16.size());
    for (size_t at = 0; at < utf16.size(); ++at) {
        char32_t value = utf16[at];
        if (value >= 0xD800 && value <= 0xDFFF) {
            const bool pair =
                value < 0xDC00 && at + 1 < utf16.size() && utf16[at + 1] >= 0xDC00 && utf16[at + 1] <= 0xDFFF;
            value = pair ? 0x10000 + ((value - 0xD800) << 10) + (utf16[++at] - 0xDC00) : kReplacement;
        }
        append_utf8(text, value);
    }
    return text;
}

bool is_utf8(std::string_view text) {
    return to_utf8(to_utf16(text)) == text;
}

}  // namespace slipway::windows_backend
