// core/src/model/plain_text.hpp - what texts of a request may hold that end up in files made of lines and words.
#pragma once

#include <string_view>

namespace slipway::core {

// Control characters: line breaks, NUL, tabs, escape sequences.
bool has_control_character(std::string_view text);

// One word of /etc/hosts or of a resolver's list: not empty, without blanks, control characters and '#'.
bool is_plain_word(std::string_view text);

}  // namespace slipway::core
