#include <layers/file_time.hpp>

#include <charconv>

namespace slipway::windows_backend {
namespace {

constexpr int64_t kTicks = 10'000'000;            // in a second
constexpr int64_t kEpoch = INT64_C(11644473600);  // from 1601 to 1970, in seconds

}  // namespace

std::optional<int64_t> file_time_of_seconds(int64_t seconds, uint32_t nanoseconds) {
    if (seconds < -kEpoch || seconds > INT64_MAX / kTicks - kEpoch - 1) return std::nullopt;
    return (seconds + kEpoch) * kTicks + nanoseconds / 100;
}

std::optional<int64_t> file_time_of_pax(const std::string& text) {
    int64_t seconds = 0;
    const char* const end = text.data() + text.size();
    const auto [next, problem] = std::from_chars(text.data(), end, seconds);
    if (problem != std::errc()) return std::nullopt;
    uint32_t nanoseconds = 0;
    if (next != end) {
        if (*next != '.' || next + 1 == end) return std::nullopt;
        uint32_t unit = 100'000'000;
        for (const char* digit = next + 1; digit != end; ++digit, unit /= 10) {
            if (*digit < '0' || *digit > '9') return std::nullopt;
            nanoseconds += unit * static_cast<uint32_t>(*digit - '0');
        }
    }
    // "-1.5" is half a second before -1.
    if (!text.empty() && text[0] == '-' && nanoseconds != 0) {
        --seconds;
        nanoseconds = 1'000'000'000 - nanoseconds;
    }
    return file_time_of_seconds(seconds, nanoseconds);
}

UnixTime unix_time_of(int64_t file_time) {
    return {file_time / kTicks - kEpoch, static_cast<uint32_t>(file_time % kTicks)};
}

std::string pax_of_file_time(int64_t time) {
    UnixTime unix_time = unix_time_of(time);
    const bool before = unix_time.seconds < 0 && unix_time.ticks != 0;
    if (before) {
        ++unix_time.seconds;
        unix_time.ticks = static_cast<uint32_t>(kTicks) - unix_time.ticks;
    }
    std::string text = std::to_string(unix_time.seconds);
    if (before && unix_time.seconds == 0) text = "-0";
    if (unix_time.ticks == 0) return text;
    std::string rest = std::to_string(unix_time.ticks);
    rest.insert(0, 7 - rest.size(), '0');
    return text + "." + rest.substr(0, rest.find_last_not_of('0') + 1);
}

}  // namespace slipway::windows_backend
