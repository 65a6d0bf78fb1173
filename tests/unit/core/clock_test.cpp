#include <slipway/core/clock.hpp>

#include <gtest/gtest.h>

namespace slipway::core {
namespace {

TEST(Clock, RendersNineDigitsAndNever) {
    EXPECT_EQ(to_rfc3339(1'700'000'000'000'000'001), "2023-11-14T22:13:20.000000001Z");
    EXPECT_EQ(to_rfc3339(0), "0001-01-01T00:00:00Z");
    EXPECT_EQ(to_rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
}

TEST(Clock, ReadsWhatItRenders) {
    for (const UnixNanos when : {UnixNanos{0}, UnixNanos{1}, UnixNanos{1'700'000'000'123'456'789}}) {
        const Result<UnixNanos> read = parse_time(to_rfc3339(when));
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, when);
    }
}

TEST(Clock, ReadsOffsetsFractionsAndUnixSeconds) {
    EXPECT_EQ(*parse_time("2023-11-14T23:13:20+01:00"), 1'700'000'000'000'000'000);
    EXPECT_EQ(*parse_time("2023-11-14T22:13:20.5Z"), 1'700'000'000'500'000'000);
    EXPECT_EQ(*parse_time("2023-11-14T22:13:20.1234567899Z"), 1'700'000'000'123'456'789);
    EXPECT_EQ(*parse_time("1700000000"), 1'700'000'000'000'000'000);
    EXPECT_EQ(*parse_time("1700000000.25"), 1'700'000'000'250'000'000);
}

TEST(Clock, RefusesWhatIsNoTime) {
    for (const char* text : {"", "now", "2023-13-01T00:00:00Z", "2023-02-30T00:00:00Z", "2023-11-14", "1700000000.",
                             "99999999999999999999", "2023-11-14T22:13:20", "2023-11-14T22:13:20Zx"}) {
        const Result<UnixNanos> read = parse_time(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code(), ErrorCode::kInvalidArgument);
        EXPECT_EQ(read.error().message(), "invalid time: '" + std::string(text) + "'");
    }
}

}  // namespace
}  // namespace slipway::core
