#include <slipway_supervisor/log_record.hpp>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace slipway::supervisor {
namespace {

using ::testing::ElementsAre;

std::string escaped(const std::string& text) {
    std::string out;
    write_json_escaped(text.data(), text.size(), [&](const char* bytes, size_t size) { out.append(bytes, size); });
    return out;
}

std::string timestamp(int64_t ns) {
    char text[kTimestampBytes];
    format_timestamp(ns, text);
    return std::string(text, sizeof(text));
}

struct Line {
    std::string text;
    bool newline;
    bool operator==(const Line&) const = default;
};

std::vector<Line> split(const std::vector<std::string>& chunks) {
    std::vector<Line> lines;
    std::vector<char> buffer(kLogLineBytes);
    LineSplitter splitter(buffer.data());
    const auto emit = [&](const char* bytes, size_t size, bool newline) { lines.push_back({{bytes, size}, newline}); };
    for (const std::string& chunk : chunks) splitter.feed(chunk.data(), chunk.size(), emit);
    splitter.finish(emit);
    return lines;
}

TEST(LogRecord, HasDockersShape) {
    std::string out;
    const auto append = [&](const char* bytes, size_t size) { out.append(bytes, size); };
    const std::string attributes = R"({"tag":"web"})";
    constexpr int64_t kWhen = 1'767'323'045'123'456'789;

    write_log_record({"hi", 2, true, true, "", 0, kWhen}, append);
    write_log_record({"hi", 2, false, false, attributes.data(), attributes.size(), kWhen}, append);

    EXPECT_EQ(out,
              "{\"log\":\"hi\\n\",\"stream\":\"stderr\",\"time\":\"2026-01-02T03:04:05.123456789Z\"}\n"
              "{\"log\":\"hi\",\"stream\":\"stdout\",\"attrs\":{\"tag\":\"web\"},"
              "\"time\":\"2026-01-02T03:04:05.123456789Z\"}\n");
}

TEST(LogRecord, EscapesAsDockerDoes) {
    EXPECT_EQ(escaped("a\"b\\c\r\n\t\x01"), "a\\\"b\\\\c\\r\\n\\u0009\\u0001");
    EXPECT_EQ(escaped("<&>"), "\\u003c\\u0026\\u003e");
    EXPECT_EQ(escaped("\xe2\x80\xa8\xe2\x80\xa9"), "\\u2028\\u2029");
    EXPECT_EQ(escaped("gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\xa2"), "gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\xa2");
}

TEST(LogRecord, InvalidUtf8BecomesReplacementCharacters) {
    EXPECT_EQ(escaped("a\xff"
                      "b"),
              "a\\ufffdb");
    EXPECT_EQ(escaped("\xc0\x80"), "\\ufffd\\ufffd");             // overlong
    EXPECT_EQ(escaped("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");  // surrogate
    EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd");
    EXPECT_EQ(escaped("\xe2\x82"), "\\ufffd\\ufffd");  // cut off
}

TEST(LogRecord, EveryByteMakesValidJson) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text = "\"x" + escaped(std::string(1, static_cast<char>(byte))) + "y\"";
        EXPECT_TRUE(nlohmann::json::accept(text)) << byte;
    }
}

TEST(LogRecord, TimestampsFollowTheCalendar) {
    EXPECT_EQ(timestamp(0), "1970-01-01T00:00:00.000000000Z");
    EXPECT_EQ(timestamp(951'782'400'000'000'000), "2000-02-29T00:00:00.000000000Z");
    EXPECT_EQ(timestamp(1'798'761'599'999'999'999), "2026-12-31T23:59:59.999999999Z");
    EXPECT_EQ(timestamp(-1), "1969-12-31T23:59:59.999999999Z");
}

TEST(LineSplitter, JoinsChunksIntoLines) {
    EXPECT_THAT(split({"on", "e\ntw", "o\n", "\n"}), ElementsAre(Line{"one", true}, Line{"two", true}, Line{"", true}));
}

TEST(LineSplitter, LastLineWithoutNewlineIsPartial) {
    EXPECT_THAT(split({"a\nb"}), ElementsAre(Line{"a", true}, Line{"b", false}));
}

TEST(LineSplitter, LongLinesAreCutAtSixteenKibibytes) {
    const std::string full(kLogLineBytes, 'x');

    EXPECT_THAT(split({full + full + "yy\n"}), ElementsAre(Line{full, false}, Line{full, false}, Line{"yy", true}));
}

}  // namespace
}  // namespace slipway::supervisor
