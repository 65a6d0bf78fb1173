#include <documents/guid.hpp>

#include <array>
#include <cstdio>

namespace slipway::windows_backend {
namespace {

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

using Bytes = std::array<uint8_t, 16>;

std::optional<Bytes> bytes_of_hex(std::string_view digits) {
    Bytes bytes{};
    if (digits.size() < 32) return std::nullopt;
    for (size_t i = 0; i < 32; ++i) {
        const int digit = digit_of(digits[i]);
        if (digit < 0) return std::nullopt;
        bytes[i / 2] = static_cast<uint8_t>(bytes[i / 2] << 4 | digit);
    }
    return bytes;
}

// FNV-1a, twice with different offsets.
Bytes hash_of(std::string_view text) {
    Bytes bytes{};
    for (size_t half = 0; half < 2; ++half) {
        uint64_t hash = 0xcbf29ce484222325ULL + half;
        for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
        for (size_t i = 0; i < 8; ++i) bytes[half * 8 + i] = static_cast<uint8_t>(hash >> (8 * i));
    }
    return bytes;
}

Guid guid_from(const Bytes& bytes) {
    Guid guid;
    guid.data1 = uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
    guid.data2 = static_cast<uint16_t>(bytes[4] << 8 | bytes[5]);
    guid.data3 = static_cast<uint16_t>(bytes[6] << 8 | bytes[7]);
    for (size_t i = 0; i < 8; ++i) guid.data4[i] = bytes[8 + i];
    return guid;
}

Guid own(Bytes bytes) {
    bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0F) | 0x80);
    bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3F) | 0x80);
    return guid_from(bytes);
}

}  // namespace

std::optional<Guid> Guid::parse(std::string_view text) {
    if (text.size() == 38 && text.front() == '{' && text.back() == '}') text = text.substr(1, 36);
    if (text.size() != 36) return std::nullopt;
    std::string digits;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text[i] == '-')) return std::nullopt;
        if (!dash) digits += text[i];
    }
    const std::optional<Bytes> bytes = bytes_of_hex(digits);
    if (!bytes) return std::nullopt;
    return guid_from(*bytes);
}

std::string Guid::text() const {
    char out[37];
    std::snprintf(out, sizeof(out), "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", static_cast<unsigned>(data1),
                  static_cast<unsigned>(data2), static_cast<unsigned>(data3), data4[0], data4[1], data4[2], data4[3],
                  data4[4], data4[5], data4[6], data4[7]);
    return out;
}

Guid guid_of_id(std::string_view id) {
    const std::optional<Bytes> bytes = bytes_of_hex(id);
    return own(bytes ? *bytes : hash_of(id));
}

Guid guid_of_id(std::string_view id, std::string_view role) {
    Bytes bytes = bytes_of_hex(id).value_or(hash_of(id));
    const Bytes other = hash_of(role);
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(bytes[i] ^ other[i]);
    return own(bytes);
}

}  // namespace slipway::windows_backend
