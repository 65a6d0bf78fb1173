// core/src/image/glob.hpp - shell patterns as Docker's reference filter knows them.
#pragma once

#include <string_view>

namespace slipway::core {

// "*" stands for any run of characters but "/", "?" for one, "[a-z]" and "[^a-z]" for one of a set, "\" quotes. A
// pattern that is malformed matches nothing.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace slipway::core
