#include "render/duration.hpp"

#include <cmath>

namespace slipway::api {

std::string human_duration(int64_t nanos) {
    const auto text = [](int64_t count, const char* unit) { return std::to_string(count) + " " + unit; };
    const int64_t seconds = nanos / 1'000'000'000;
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < 60) return text(seconds, "seconds");
    const int64_t minutes = seconds / 60;
    if (minutes == 1) return "About a minute";
    if (minutes < 60) return text(minutes, "minutes");
    const auto hours = static_cast<int64_t>(std::floor(static_cast<double>(seconds) / 3600.0 + 0.5));
    if (hours == 1) return "About an hour";
    if (hours < 48) return text(hours, "hours");
    if (hours < 24 * 7 * 2) return text(hours / 24, "days");
    if (hours < 24 * 30 * 2) return text(hours / 24 / 7, "weeks");
    if (hours < 24 * 365 * 2) return text(hours / 24 / 30, "months");
    return text(seconds / 3600 / 24 / 365, "years");
}

}  // namespace slipway::api
