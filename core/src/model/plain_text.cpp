#include "model/plain_text.hpp"

#include <algorithm>

namespace slipway::core {

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

bool is_plain_word(std::string_view text) {
    return !text.empty() && !has_control_character(text) && text.find_first_of(" #") == std::string_view::npos;
}

}  // namespace slipway::core
