#include <model/time_text.hpp>

#include <gtest/gtest.h>

namespace slipway::core {
namespace {

TEST(TimeText, ReadsTimesAndAgesBeforeAMoment) {
    constexpr UnixNanos kNow = 1'700'000'000'000'000'000;

    EXPECT_EQ(*parse_time_or_age("24h", kNow), kNow - 86'400'000'000'000);
    EXPECT_EQ(*parse_time_or_age("1h30m5s", kNow), kNow - 5'405'000'000'000);
    EXPECT_EQ(*parse_time_or_age("1600000000", kNow), 1'600'000'000'000'000'000);
    EXPECT_EQ(*parse_time_or_age("2023-11-14T22:13:20Z", kNow), kNow);
}

TEST(TimeText, RefusesWhatIsNeither) {
    for (const char* text : {"", "h", "-5h", "5d", "1h-5m", "2562048h", "2562047h48m", "99999999999999999999h"}) {
        const auto refused = parse_time_or_age(text, 0);
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
        EXPECT_EQ(refused.error().message(), "invalid time: '" + std::string(text) + "'");
    }
}

}  // namespace
}  // namespace slipway::core
