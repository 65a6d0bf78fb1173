#include <layers/extended_attributes.hpp>

#include <documents/bytes.hpp>

#include <algorithm>

namespace slipway::windows_backend {
namespace {

// Offset of the next entry (0 in the last), flags, length of the name, length of the value; then both, a NUL between.
constexpr size_t kHead = 8;

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 255 &&
           std::all_of(name.begin(), name.end(), [](char letter) { return letter > ' ' && letter != 0x7F; });
}

}  // namespace

Result<std::string> encode_attributes(const ExtendedAttributes& attributes) {
    std::string bytes;
    size_t left = attributes.size();
    for (const auto& [name, value] : attributes) {
        if (!is_name(name) || value.size() > UINT16_MAX) {
            return Error(ErrorCode::kInvalidArgument, "the extended attribute '" + name + "' is none Windows can have");
        }
        std::string entry;
        const size_t size = kHead + name.size() + 1 + value.size(), padded = (size + 3) / 4 * 4;
        put<uint32_t>(entry, --left == 0 ? 0 : static_cast<uint32_t>(padded));
        put<uint8_t>(entry, 0);
        put<uint8_t>(entry, static_cast<uint8_t>(name.size()));
        put<uint16_t>(entry, static_cast<uint16_t>(value.size()));
        entry += name + '\0' + value;
        entry.resize(padded);
        bytes += entry;
    }
    return bytes;
}

Result<ExtendedAttributes> decode_attributes(std::string_view bytes) {
    const Error damaged(ErrorCode::kInvalidArgument, "the list of extended attributes is damaged");
    ExtendedAttributes attributes;
    for (size_t at = 0; at < bytes.size();) {
        if (bytes.size() - at < kHead) return damaged;
        const size_t next = get<uint32_t>(bytes, at), name = get<uint8_t>(bytes, at + 5);
        const size_t value = get<uint16_t>(bytes, at + 6), size = kHead + name + 1 + value;
        if (size > bytes.size() - at || (next != 0 && (next < size || next >= bytes.size() - at))) return damaged;
        const std::string_view text = bytes.substr(at + kHead, name);
        if (!is_name(text) || bytes[at + kHead + name] != 0) return damaged;
        attributes[std::string(text)] = bytes.substr(at + kHead + name + 1, value);
        if (next == 0) break;
        at += next;
    }
    return attributes;
}

}  // namespace slipway::windows_backend
