// core/src/model/size_text.hpp - sizes as people write them.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <string_view>

namespace slipway::core {

// "10m", "1g", "512", "64kb": bytes, as docker/go-units reads them. kInvalidArgument "invalid size: '<text>'".
Result<uint64_t> parse_size(std::string_view text);

}  // namespace slipway::core
