// core/src/model/signals.hpp - signal names by their Linux numbers, on any platform: the API and the ABI speak Linux.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <string_view>

namespace slipway::core {

// "TERM", "SIGTERM", "term", "15", "RTMIN+3". kInvalidArgument "invalid signal: <text>".
Result<int32_t> parse_signal(std::string_view text);

}  // namespace slipway::core
