#include <slipway/core/clock.hpp>

#include <array>
#include <cstdio>
#include <limits>

namespace slipway::core {

namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

// Walks over a text; every step either takes what it names or leaves the place unchanged.
class Cursor {
public:
    explicit Cursor(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }

    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }

    // Exactly `digits` decimal digits.
    bool take_number(int digits, int64_t& out) {
        if (rest_.size() < static_cast<size_t>(digits)) return false;
        int64_t value = 0;
        for (int i = 0; i < digits; ++i) {
            const char c = rest_[static_cast<size_t>(i)];
            if (c < '0' || c > '9') return false;
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(static_cast<size_t>(digits));
        out = value;
        return true;
    }

    // One digit or more; false on overflow beyond `limit`.
    bool take_digits(int64_t limit, int64_t& out) {
        size_t n = 0;
        int64_t value = 0;
        while (n < rest_.size() && rest_[n] >= '0' && rest_[n] <= '9') {
            value = value * 10 + (rest_[n] - '0');
            if (value > limit) return false;
            ++n;
        }
        rest_.remove_prefix(n);
        out = value;
        return n > 0;
    }

    // ".123": digits beyond the ninth are dropped.
    bool take_fraction(int64_t& nanos) {
        nanos = 0;
        if (!take('.')) return true;
        int64_t scale = kNanosPerSecond / 10;
        bool any = false;
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            nanos += (rest_.front() - '0') * scale;
            scale /= 10;
            any = true;
            rest_.remove_prefix(1);
        }
        return any;
    }

private:
    std::string_view rest_;
};

bool join(int64_t seconds, int64_t nanos, UnixNanos& out) {
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max() / kNanosPerSecond - 1;
    if (seconds > kMax || seconds < -kMax) return false;
    out = seconds * kNanosPerSecond + nanos;
    return true;
}

bool parse_unix(std::string_view text, UnixNanos& out) {
    Cursor in(text);
    const bool negative = in.take('-');
    int64_t seconds = 0, nanos = 0;
    if (!in.take_digits(std::numeric_limits<int64_t>::max() / 10 - 1, seconds) || !in.take_fraction(nanos) ||
        !in.at_end()) {
        return false;
    }
    return negative ? join(-seconds, -nanos, out) : join(seconds, nanos, out);
}

bool take_offset(Cursor& in, int64_t& seconds) {
    seconds = 0;
    if (in.take('Z') || in.take('z')) return true;
    const bool east = in.take('+');
    if (!east && !in.take('-')) return false;
    int64_t hours = 0, minutes = 0;
    if (!in.take_number(2, hours) || !in.take(':') || !in.take_number(2, minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    seconds = (east ? 1 : -1) * (hours * 3600 + minutes * 60);
    return true;
}

bool parse_rfc3339(std::string_view text, UnixNanos& out) {
    Cursor in(text);
    int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, nanos = 0, offset = 0;
    if (!in.take_number(4, year) || !in.take('-') || !in.take_number(2, month) || !in.take('-') ||
        !in.take_number(2, day) || (!in.take('T') && !in.take('t') && !in.take(' ')) || !in.take_number(2, hour) ||
        !in.take(':') || !in.take_number(2, minute) || !in.take(':') || !in.take_number(2, second) ||
        !in.take_fraction(nanos) || !take_offset(in, offset) || !in.at_end()) {
        return false;
    }
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return false;
    // Docker's zero time lies outside the range of UnixNanos and stands for "never".
    if (year == 1 && month == 1 && day == 1) {
        out = 0;
        return true;
    }
    const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return join(days * 86'400 + hour * 3600 + minute * 60 + second - offset, nanos, out);
}

}  // namespace

UnixNanos unix_now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

MonotonicNanos monotonic_now() {
    return static_cast<MonotonicNanos>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
}

std::string to_rfc3339(UnixNanos when) {
    if (when == 0) return "0001-01-01T00:00:00Z";
    using namespace std::chrono;
    const sys_time<nanoseconds> point{nanoseconds(when)};
    const auto day_start = floor<days>(point);
    const year_month_day date{day_start};
    const hh_mm_ss<nanoseconds> clock{point - day_start};
    std::array<char, 48> text{};
    const int size =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%09lldZ", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()), static_cast<long long>(clock.subseconds().count()));
    return std::string(text.data(), static_cast<size_t>(size));
}

Result<UnixNanos> parse_time(std::string_view text) {
    UnixNanos when = 0;
    if (parse_unix(text, when) || parse_rfc3339(text, when)) return when;
    return Error(ErrorCode::kInvalidArgument, "invalid time: '" + std::string(text.substr(0, 64)) + "'");
}

}  // namespace slipway::core
