// api/src/http/frames.hpp - Docker's multiplexed stream: frames of an 8-byte header {stream, 0, 0, 0, length as 32-bit
// big endian} and data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::api {

enum class StreamId : uint8_t { kStdin = 0, kStdout = 1, kStderr = 2, kSystemError = 3 };

std::string frame(StreamId stream, std::string_view data);

}  // namespace slipway::api
