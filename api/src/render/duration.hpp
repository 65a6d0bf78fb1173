// api/src/render/duration.hpp - spans of time as Docker words them.
#pragma once

#include <cstdint>
#include <string>

namespace slipway::api {

// "Less than a second", "5 seconds", "About a minute", "3 hours", "2 weeks".
std::string human_duration(int64_t nanos);

}  // namespace slipway::api
