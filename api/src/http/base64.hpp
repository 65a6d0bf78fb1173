// api/src/http/base64.hpp - bytes as text for header values (RFC 4648, with padding, in one line).
#pragma once

#include <string>
#include <string_view>

namespace slipway::api {

std::string to_base64(std::string_view bytes);

}  // namespace slipway::api
