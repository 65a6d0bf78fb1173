// plugins/linux/src/spec/strict_number.hpp - decimal numbers without sign, blanks, leading zeros or overflow.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace slipway::linux_backend {

// Digits only, no leading zero but "0" itself, at most `max`.
inline std::optional<uint64_t> strict_number(std::string_view text, uint64_t max) {
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
    return value;
}

}  // namespace slipway::linux_backend
