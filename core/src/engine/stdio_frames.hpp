// core/src/engine/stdio_frames.hpp - Docker's framing of several output streams on one connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::core {

// The 8-byte header (1 for stdout, 2 for stderr, three zeros, the length in big endian) followed by `text`.
inline std::string stdio_frame(bool is_stderr, std::string_view text) {
    const auto size = static_cast<uint32_t>(text.size());
    std::string frame = {static_cast<char>(is_stderr ? 2 : 1),
                         0,
                         0,
                         0,
                         static_cast<char>(size >> 24),
                         static_cast<char>(size >> 16),
                         static_cast<char>(size >> 8),
                         static_cast<char>(size)};
    frame.append(text);
    return frame;
}

}  // namespace slipway::core
