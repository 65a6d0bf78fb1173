#include "model/time_text.hpp"

#include <charconv>
#include <limits>
#include <optional>

namespace slipway::core {

namespace {

// "24h", "1h30m", "90s": Go's durations without fractions, up to the 292 years that fit into nanoseconds.
std::optional<int64_t> parse_duration_ns(std::string_view text) {
    constexpr int64_t kNanosPerSecond = 1'000'000'000;
    constexpr int64_t kMostSeconds = std::numeric_limits<int64_t>::max() / kNanosPerSecond;
    int64_t total = 0;
    const char* at = text.data();
    const char* end = at + text.size();
    if (at == end) return std::nullopt;
    while (at != end) {
        int64_t number = 0;
        const auto [next, error] = std::from_chars(at, end, number);
        if (error != std::errc() || next == end || number < 0 || number > kMostSeconds / 3600) return std::nullopt;
        switch (*next) {
            case 'h':
                total += number * 3600;
                break;
            case 'm':
                total += number * 60;
                break;
            case 's':
                total += number;
                break;
            default:
                return std::nullopt;
        }
        if (total > kMostSeconds) return std::nullopt;
        at = next + 1;
    }
    return total * kNanosPerSecond;
}

}  // namespace

Result<UnixNanos> parse_time_or_age(std::string_view text, UnixNanos now) {
    if (const std::optional<int64_t> age = parse_duration_ns(text)) return now - *age;
    return parse_time(text);
}

}  // namespace slipway::core
