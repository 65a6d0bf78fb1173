#include <gtest/gtest.h>
#include <slipway/cpp/text.hpp>

#include <stdexcept>
#include <string>

using slipway::FunctionSource;
using slipway::StringSink;

namespace {

int32_t write(StringSink& sink, const std::string& text) {
    slw_sink* c = sink.get();
    return c->write(c->ctx, text.data(), text.size());
}

}  // namespace

TEST(StringSink, JoinsWhatIsWrittenInPieces) {
    StringSink sink;

    EXPECT_EQ(write(sink, "one "), 0);
    EXPECT_EQ(write(sink, ""), 0);
    EXPECT_EQ(write(sink, "two"), 0);

    EXPECT_EQ(sink.take(), "one two");
    EXPECT_FALSE(sink.overflowed());
}

TEST(StringSink, AcceptsExactlyItsLimit) {
    StringSink sink(4);

    EXPECT_EQ(write(sink, "abcd"), 0);

    EXPECT_EQ(sink.take(), "abcd");
}

TEST(StringSink, StopsTheWriterBeyondItsLimitAndKeepsWhatItHad) {
    StringSink sink(4);

    EXPECT_EQ(write(sink, "abc"), 0);
    EXPECT_NE(write(sink, "de"), 0);

    EXPECT_TRUE(sink.overflowed());
    EXPECT_EQ(sink.take(), "abc");
}

TEST(StringSink, RefusesSizesThatWouldWrapAround) {
    StringSink sink(4);
    ASSERT_EQ(write(sink, "abc"), 0);
    slw_sink* c = sink.get();

    EXPECT_NE(c->write(c->ctx, "x", UINT64_MAX), 0);

    EXPECT_EQ(sink.take(), "abc");
}

TEST(WriteTo, ReportsAReceiverThatStops) {
    StringSink sink(2);

    const auto status = slipway::write_to(sink.get(), "too long");

    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), slipway::ErrorCode::kCancelled);
}

TEST(WriteTo, RefusesAMissingSink) {
    const auto status = slipway::write_to(nullptr, "x");

    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), slipway::ErrorCode::kInvalidArgument);
}

TEST(Text, EmptyTextMayHaveNoData) {
    EXPECT_EQ(slipway::view_of(slw_text{nullptr, 0}), "");
    EXPECT_EQ(slipway::view_of(slipway::text_of("abc")), "abc");
}

TEST(FunctionSource, ReadsThroughAndReportsAThrowAsFailure) {
    int calls = 0;
    const FunctionSource source([&](void*, uint64_t capacity) -> int64_t {
        if (++calls > 1) throw std::runtime_error("disk");
        return static_cast<int64_t>(capacity);
    });
    char buffer[8];

    EXPECT_EQ(source.get()->read(source.get()->ctx, buffer, sizeof(buffer)), 8);
    EXPECT_LT(source.get()->read(source.get()->ctx, buffer, sizeof(buffer)), 0);
}
