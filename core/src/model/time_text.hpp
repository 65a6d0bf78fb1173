// core/src/model/time_text.hpp - points in time as filters name them.
#pragma once

#include <slipway/core/clock.hpp>

#include <string_view>

namespace slipway::core {

// What parse_time() reads, and ages before `now`: "24h", "1h30m", "90s". Docker reads the filter `until` of lists and
// prunes so. kInvalidArgument "invalid time: '<text>'".
Result<UnixNanos> parse_time_or_age(std::string_view text, UnixNanos now);

}  // namespace slipway::core
