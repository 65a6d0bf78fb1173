#include "model/size_text.hpp"

#include <charconv>
#include <limits>
#include <string>

namespace slipway::core {

Result<uint64_t> parse_size(std::string_view text) {
    const Error bad(ErrorCode::kInvalidArgument, "invalid size: '" + std::string(text.substr(0, 64)) + "'");
    uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data(), end, number);
    if (failed != std::errc()) return bad;
    std::string unit(rest, end);
    for (char& c : unit) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    unit.erase(0, unit.find_first_not_of(' '));
    if (unit.size() > 1 && unit.back() == 'b') unit.pop_back();
    if (unit.size() > 1 && unit.back() == 'i') unit.pop_back();

    unsigned shift = 0;
    if (!unit.empty() && unit != "b") {
        const size_t power = std::string_view("kmgtp").find(unit);
        if (unit.size() != 1 || power == std::string_view::npos) return bad;
        shift = 10 * (static_cast<unsigned>(power) + 1);
    }
    // Sizes become signed 64-bit numbers in places.
    if (number > (static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) >> shift)) return bad;
    return number << shift;
}

}  // namespace slipway::core
