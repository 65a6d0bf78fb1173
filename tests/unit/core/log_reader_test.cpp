#include <log/log_reader.hpp>
#include <log/record.hpp>

#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

namespace slipway::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

int counter = 0;

// Times count up, as in a real log.
std::string record(const std::string& text, const char* stream = "stdout") {
    return R"({"log":")" + text + R"(\n","stream":")" + stream + R"(","time":")" +
           to_rfc3339(1'700'000'000'000'000'000 + ++counter) + "\"}\n";
}

class Logs : public ::testing::Test {
protected:
    std::vector<std::string> read(LogOptions options = {}, LogFollow follow = {}) {
        std::vector<std::string> texts;
        const auto result = read_log(
            path, options,
            [&](const LogLine& line) {
                texts.push_back(line.text.ends_with('\n') ? line.text.substr(0, line.text.size() - 1) : line.text);
                return texts.size() < stop_after;
            },
            follow);
        EXPECT_TRUE(result);
        if (result) report = *result;
        return texts;
    }

    void write(const std::string& text) { test::write_file(path, text, true); }

    // What writers do. The oldest has another name while it goes: on Windows nothing can take the place of a file that
    // a reader has open.
    void rotate(int files = 3) {
        const std::filesystem::path oldest = numbered(files - 1), leaving = dir / ("leaving" + std::to_string(++gone));
        if (std::filesystem::exists(oldest)) {
            std::filesystem::rename(oldest, leaving);
            std::filesystem::remove(leaving);
        }
        for (int i = files - 1; i > 0; --i) {
            const auto from = i == 1 ? path : numbered(i - 1);
            if (std::filesystem::exists(from)) std::filesystem::rename(from, numbered(i));
        }
        test::write_file(path, "");
    }

    std::filesystem::path numbered(int number) const { return path.string() + "." + std::to_string(number); }

    static LogOptions tail(int64_t lines, bool follow = false) {
        LogOptions options;
        options.tail = lines;
        options.follow = follow;
        return options;
    }

    test::TempDir dir;
    std::filesystem::path path = dir / "c-json.log";
    int gone = 0;
    size_t stop_after = SIZE_MAX;
    LogReadReport report;
};

TEST(LogRecord, TakesEscapesSurrogatesAndRawBytes) {
    LogLine line;
    ASSERT_TRUE(parse_log_record(
        R"({"log":"a\u0000\t\"\\\u00e9\ud83d\ude00\ud800x\n","stream":"stderr","time":"2024-01-01T00:00:00.5Z"})",
        line));
    EXPECT_EQ(line.text, std::string("a\0\t\"\\\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdx\n", 16));
    EXPECT_EQ(line.stream, "stderr");

    ASSERT_TRUE(
        parse_log_record("{\"log\":\"\xff\xfe\",\"stream\":\"stdout\",\"time\":\"2024-01-01T00:00:00Z\"}", line));
    EXPECT_EQ(line.text, "\xff\xfe");
    ASSERT_TRUE(parse_log_record(
        R"({"time":"2024-01-01T00:00:00Z", "attrs":{"a":"b"}, "n": 5, "stream":"stdout", "log":""})", line));
}

TEST(LogRecord, AttributesAreReadIfWanted) {
    const std::string text =
        R"({"log":"x","stream":"stdout","attrs":{"b":"2\n","a":"1"},"time":"2024-01-01T00:00:00Z"})";
    LogLine line;
    ASSERT_TRUE(parse_log_record(text, line, true));
    EXPECT_THAT(line.attributes, ElementsAre(std::pair("b", "2\n"), std::pair("a", "1")));
    ASSERT_TRUE(parse_log_record(text, line));
    EXPECT_THAT(line.attributes, IsEmpty());
}

TEST(LogRecord, RefusesWhatIsNone) {
    LogLine line;
    for (const char* text :
         {"", "{", "{}", "null", "[]", R"({"log":"x"})", R"({"log":5,"stream":"stdout","time":"2024-01-01T00:00:00Z"})",
          R"({"log":"x","stream":"stdout","time":"yesterday"})",
          R"({"log":"x\q","stream":"a","time":"2024-01-01T00:00:00Z"})",
          R"({"log":"x","stream":"a","time":"2024-01-01T00:00:00Z"} x)", R"({"log":"\u12)", "{\"log\":\"x"}) {
        EXPECT_FALSE(parse_log_record(text, line)) << text;
    }
}

TEST_F(Logs, NoFileIsAnEmptyLog) {
    EXPECT_THAT(read(), IsEmpty());
}

TEST_F(Logs, RotatedFilesComeOldestFirst) {
    write(record("1"));
    rotate();
    write(record("2"));
    rotate();
    write(record("3"));

    EXPECT_THAT(read(), ElementsAre("1", "2", "3"));
    EXPECT_EQ(report.damaged, 0u);
}

TEST_F(Logs, StreamsAndTimesAreChosen) {
    counter = 0;
    write(record("1") + record("2", "stderr") + record("3") + record("4", "stderr"));
    LogOptions errors;
    errors.want_stdout = false;
    LogOptions window;
    window.since = 1'700'000'000'000'000'002;
    window.until = 1'700'000'000'000'000'003;

    EXPECT_THAT(read(errors), ElementsAre("2", "4"));
    EXPECT_THAT(read(window), ElementsAre("2", "3"));
}

TEST_F(Logs, TheTailReachesIntoRotatedFiles) {
    write(record("1") + record("2"));
    rotate();
    write(record("3"));

    EXPECT_THAT(read(tail(0)), IsEmpty());
    EXPECT_THAT(read(tail(1)), ElementsAre("3"));
    EXPECT_THAT(read(tail(2)), ElementsAre("2", "3"));
    EXPECT_THAT(read(tail(3)), ElementsAre("1", "2", "3"));
    EXPECT_THAT(read(tail(99)), ElementsAre("1", "2", "3"));
}

TEST_F(Logs, TheTailCountsChosenLinesOnly) {
    write(record("1", "stderr") + record("2") + record("3", "stderr") + record("4") + "damaged\n" + record("5"));
    LogOptions options = tail(2);
    options.want_stdout = false;

    EXPECT_THAT(read(options), ElementsAre("1", "3"));
    EXPECT_THAT(read(tail(2)), ElementsAre("4", "5"));
}

TEST_F(Logs, TheTailOfALongFileIsRightAtEveryLength) {
    std::vector<std::string> all;
    for (int i = 0; i < 2000; ++i) {
        all.push_back(std::to_string(i) + std::string(static_cast<size_t>(i * 37 % 400), 'x'));
        write(record(all.back()));
    }
    for (const size_t lines : {size_t{1}, size_t{100}, size_t{500}, size_t{1999}}) {
        EXPECT_EQ(read(tail(static_cast<int64_t>(lines))),
                  std::vector<std::string>(all.end() - static_cast<ptrdiff_t>(lines), all.end()));
    }
}

TEST_F(Logs, LongLinesAndNulBytesPass) {
    const std::string megabyte(1 << 20, 'y');
    write(record(megabyte) + record("a\\u0000b"));

    EXPECT_THAT(read(), ElementsAre(megabyte, std::string("a\0b", 3)));
    EXPECT_THAT(read(tail(2)), ElementsAre(megabyte, std::string("a\0b", 3)));
}

TEST_F(Logs, DamageIsSkippedToTheNextLineAndCounted) {
    write(record("1") + "{\"log\":\"half\n" + std::string(300, '\0') + "\n" + record("2") + "\xff\xff\n" + record("3"));

    EXPECT_THAT(read(), ElementsAre("1", "2", "3"));
    EXPECT_EQ(report.damaged, 3u);
}

TEST_F(Logs, ARecordThatIsTooLongIsSkipped) {
    write(record("1") + std::string((16 << 20) + 100'000, 'z') + "\n" + record("2"));

    EXPECT_THAT(read(), ElementsAre("1", "2"));
    EXPECT_EQ(report.damaged, 1u);
    EXPECT_THAT(read(tail(2)), ElementsAre("1", "2"));
}

TEST_F(Logs, TheSinkCanStop) {
    write(record("1") + record("2") + record("3"));
    stop_after = 2;

    EXPECT_THAT(read(), ElementsAre("1", "2"));
}

// Followers: each call of ended() is one round, in which the test writes what comes next.
class Following : public Logs {
protected:
    std::vector<std::string> follow(std::vector<std::function<void()>> rounds, int64_t lines = -1) {
        size_t round = 0;
        return read(tail(lines, true), {[&] {
                                            if (round < rounds.size()) {
                                                rounds[round++]();
                                                return false;
                                            }
                                            return true;
                                        },
                                        nullptr});
    }
};

TEST_F(Following, ReadsWhatComesUntilTheEnd) {
    write(record("1"));

    EXPECT_THAT(follow({[&] { write(record("2")); }, [&] { write(record("3") + record("4")); }}),
                ElementsAre("1", "2", "3", "4"));
}

TEST_F(Following, WaitsForAFileThatIsNotThereYet) {
    EXPECT_THAT(follow({[] {}, [&] { write(record("1")); }}), ElementsAre("1"));
}

TEST_F(Following, HalfARecordWaitsForItsRest) {
    const std::string whole = record("2");
    write(record("1"));

    EXPECT_THAT(follow({[&] { write(whole.substr(0, 20)); }, [&] { write(whole.substr(20)); }}), ElementsAre("1", "2"));
    EXPECT_EQ(report.damaged, 0u);
}

TEST_F(Following, AnEndInTheMiddleOfARecordIsDamage) {
    write(record("1"));

    EXPECT_THAT(follow({[&] { write("{\"log\":\"ha"); }}), ElementsAre("1"));
    EXPECT_EQ(report.damaged, 1u);
}

TEST_F(Following, ARotationLosesNothing) {
    write(record("1"));

    EXPECT_THAT(follow({[&] {
                            write(record("2"));
                            rotate();
                            write(record("3"));
                        },
                        [&] { write(record("4")); }}),
                ElementsAre("1", "2", "3", "4"));
}

TEST_F(Following, SeveralRotationsBetweenTwoLooksLoseNothing) {
    write(record("1"));

    EXPECT_THAT(follow({[&] {
                            for (const char* text : {"2", "3"}) {
                                write(record(text));
                                rotate(5);
                            }
                            write(record("4"));
                        },
                        [&] { rotate(5); }, [&] { write(record("5")); }}),
                ElementsAre("1", "2", "3", "4", "5"));
}

TEST_F(Following, ARotationSeenHalfwayLosesNothing) {
    write(record("1"));

    EXPECT_THAT(follow({[&] { std::filesystem::rename(path, numbered(1)); }, [&] { write(record("2")); }}),
                ElementsAre("1", "2"));
}

TEST_F(Following, WhatRotationDeletedIsSkippedButNothingComesTwice) {
    write(record("1"));

    const auto lines = follow({[&] {
        for (const char* text : {"2", "3", "4"}) {
            rotate(2);
            write(record(text));
        }
    }});

    EXPECT_THAT(lines, ElementsAre("1", "3", "4"));
}

TEST_F(Following, TheTailThenWhatComes) {
    write(record("1") + record("2"));
    rotate();
    write(record("3"));

    EXPECT_THAT(follow({[&] { write(record("4")); }}, 1), ElementsAre("3", "4"));
    EXPECT_THAT(follow({[&] { write(record("5")); }}, 0), ElementsAre("5"));
}

TEST_F(Following, CancellingEndsIt) {
    write(record("1"));
    int asked = 0;

    EXPECT_THAT(read(tail(-1, true), {[] { return false; }, [&] { return ++asked > 2; }}), ElementsAre("1"));
}

}  // namespace
}  // namespace slipway::core
