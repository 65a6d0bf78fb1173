// plugins/linux/src/spec/quote.hpp - user text in messages.
#pragma once

#include <string>
#include <string_view>

namespace slipway::linux_backend {

// In double quotes, with quotes, backslashes and control characters escaped, as Docker's texts have it.
std::string quote(std::string_view text);

}  // namespace slipway::linux_backend
