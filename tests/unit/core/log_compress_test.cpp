// Rotated files that are compressed: what becomes of them, and that readers notice nothing.
#include <log/compress/compressed_log.hpp>
#include <log/compress/log_compressor.hpp>
#include <log/compress/rotated_file.hpp>
#include <log/forward/log_cursor.hpp>
#include <log/log_reader.hpp>

#include "support/temp_dir.hpp"

#include <Poco/InflatingStream.h>

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace slipway::core {
namespace {

using ::testing::ElementsAre;

bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

class CompressedLogs : public ::testing::Test {
protected:
    std::string record(const std::string& text) {
        return R"({"log":")" + text + R"(\n","stream":"stdout","time":")" +
               to_rfc3339(1'700'000'000'000'000'000 + ++counter) + "\"}\n";
    }
    void say(const std::string& text) { test::write_file(path, record(text), true); }
    // What a writer does.
    void rotate(unsigned files = 5) {
        namespace fs = std::filesystem;
        for (unsigned number = files - 1; number >= 1; --number) {
            const fs::path to = numbered_log(path, number), from = number == 1 ? path : numbered_log(path, number - 1);
            if (number == files - 1) fs::remove(to), fs::remove(packed_log(to));
            if (fs::exists(from)) fs::rename(from, to);
            if (number > 1 && fs::exists(packed_log(from))) fs::rename(packed_log(from), packed_log(to));
        }
        test::write_file(path, "");
    }
    size_t compress() {
        const auto count = compress_rotated_files(path, [] { return false; });
        EXPECT_TRUE(count) << count.error().message();
        return count ? *count : 0;
    }
    std::vector<std::string> read(LogOptions options = {}, LogFollow follow = {}) {
        std::vector<std::string> texts;
        const auto result = read_log(
            path, options,
            [&](const LogLine& line) {
                texts.push_back(line.text.substr(0, line.text.find('\n')));
                return true;
            },
            follow);
        EXPECT_TRUE(result);
        if (result) damaged = result->damaged;
        return texts;
    }
    bool exists(const std::string& suffix) const { return std::filesystem::exists(path.string() + suffix); }
    // Nothing but logs is left in the directory.
    size_t entries() const {
        return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}));
    }

    int counter = 0;
    test::TempDir dir;
    std::filesystem::path path = dir / "c-json.log";
    uint64_t damaged = 0;
};

TEST_F(CompressedLogs, AreGzipOfTheSameBytes) {
    say("one");
    const std::string before = test::read_file(path);
    rotate();

    EXPECT_EQ(compress(), 1U);

    EXPECT_FALSE(exists(".1"));
    std::ifstream packed(path.string() + ".1.gz", std::ios::binary);
    Poco::InflatingInputStream text(packed, Poco::InflatingStreamBuf::STREAM_GZIP);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(text), {}), before);
    EXPECT_EQ(entries(), 2U);
    EXPECT_EQ(compress(), 0U);
}

TEST_F(CompressedLogs, AreReadInOrderWithOthers) {
    for (const char* text : {"one", "two", "three"}) {
        say(text);
        rotate();
        compress();
    }
    say("four");
    rotate();
    say("five");

    EXPECT_TRUE(exists(".4.gz") && exists(".1") && !exists(".1.gz"));
    EXPECT_THAT(read(), ElementsAre("one", "two", "three", "four", "five"));
    LogOptions options;
    options.tail = 4;
    EXPECT_THAT(read(options), ElementsAre("two", "three", "four", "five"));
    options.tail = 0;
    EXPECT_TRUE(read(options).empty());
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(entries(), 5U) << "reading leaves no files";
}

TEST_F(CompressedLogs, LongOnesAreReadWholeFromTheFrontAndFromTheEnd) {
    std::vector<std::string> all;
    std::string file;
    for (int i = 0; i < 5000; ++i) {
        all.push_back(std::string(100, static_cast<char>('a' + i % 26)) + std::to_string(i));
        file += record(all.back());
    }
    test::write_file(path, file);
    rotate();
    compress();
    say("last");
    all.emplace_back("last");

    EXPECT_EQ(read(), all);
    for (const size_t lines : {size_t{2}, size_t{1000}, size_t{4999}, size_t{5001}, size_t{9999}}) {
        LogOptions options;
        options.tail = static_cast<int64_t>(lines);
        const size_t count = std::min(lines, all.size());
        EXPECT_EQ(read(options), std::vector<std::string>(all.end() - static_cast<ptrdiff_t>(count), all.end()))
            << lines;
    }
}

TEST_F(CompressedLogs, ACompressedFileGivesBytesFromAnywhere) {
    std::string text;
    for (int i = 0; text.size() < 700'000; ++i) text += std::to_string(i) + "\n";
    test::write_file(path, text);
    rotate();
    compress();
    const auto open = [&] {
        return CompressedLog(std::make_unique<std::ifstream>(path.string() + ".1.gz", std::ios::binary), path);
    };

    for (const std::vector<size_t>& offsets :
         {std::vector<size_t>{0, 1000, 65000, 65536, 300000}, {65536, 131072}, {600000, 10, 650000}, {699990, 0}}) {
        CompressedLog log = open();
        for (const size_t offset : offsets) {
            std::string bytes(1000, '\0');
            bytes.resize(log.read_at(offset, bytes.data(), bytes.size()));
            EXPECT_EQ(bytes, text.substr(offset, 1000)) << offset;
        }
        EXPECT_EQ(log.size(), text.size());
        EXPECT_FALSE(log.is_damaged());
    }
    CompressedLog log = open();
    std::string all;
    for (std::string chunk(7777, '\0'); const size_t got = log.read_at(all.size(), chunk.data(), chunk.size());) {
        all.append(chunk, 0, got);
    }
    EXPECT_EQ(all, text);
}

TEST_F(CompressedLogs, AFollowerLosesNothingWhileFilesAreCompressed) {
    say("first");
    std::atomic<bool> done{false};
    std::vector<std::string> expected{"first"};
    for (int i = 0; i < 200; ++i) expected.push_back("line " + std::to_string(i));
    std::thread writer([&] {
        for (int i = 0; i < 200; ++i) {
            say("line " + std::to_string(i));
            if (i % 10 == 9) rotate(50);
            if (i % 25 == 24) compress();
        }
        done = true;
    });
    LogOptions options;
    options.follow = true;
    LogFollow follow;
    follow.ended = [&] { return done.load(); };

    EXPECT_EQ(read(options, follow), expected);

    writer.join();
}

TEST_F(CompressedLogs, APlaceInAFileIsFoundAgainInTheCompressedOne) {
    for (const char* text : {"one", "two", "three"}) say(text);
    LogLine line;
    LogCursor before(path, std::nullopt);
    ASSERT_TRUE(*before.next(line));
    const auto place = before.position();
    rotate();
    compress();
    say("four");

    LogCursor after(path, place);
    std::string seen;
    while (*after.next(line)) seen += line.text;

    EXPECT_EQ(seen, "two\nthree\nfour\n");
    EXPECT_FALSE(after.take_gap());
}

// A daemon that is killed while it compresses leaves one of these.
TEST_F(CompressedLogs, WhatADeathInBetweenLeavesIsReadOnceAndCleared) {
    say("one");
    rotate();
    say("two");
    const std::string plain = test::read_file(path.string() + ".1");
    compress();
    test::write_file(path.string() + ".1", plain);                  // renamed, and not yet removed
    test::write_file(path.string() + ".gz.tmp", "half of a file");  // not yet renamed

    EXPECT_THAT(read(), ElementsAre("one", "two"));
    compress();

    EXPECT_THAT(read(), ElementsAre("one", "two"));
    EXPECT_FALSE(exists(".1"));
    EXPECT_FALSE(exists(".gz.tmp"));
}

TEST_F(CompressedLogs, AFileThatMovesMeanwhileIsReplacedWhereItIsByThen) {
    say("one");
    rotate();
    say("two");
    const auto file = RotatedFile::open(path.string() + ".1");
    ASSERT_TRUE(file);
    test::write_file(path.string() + ".gz.tmp", "packed");
    rotate();

    EXPECT_TRUE(file->replace(path, path.string() + ".gz.tmp"));

    EXPECT_EQ(test::read_file(path.string() + ".2.gz"), "packed");
    EXPECT_FALSE(exists(".2"));
    EXPECT_TRUE(exists(".1")) << "the newer one";
    std::filesystem::remove(path.string() + ".1");
    test::write_file(path.string() + ".gz.tmp", "packed");
    EXPECT_EQ(file->replace(path, path.string() + ".gz.tmp").error().code(), ErrorCode::kNotFound);
}

TEST_F(CompressedLogs, OneThatIsCutOffIsReadAsFarAsItGoes) {
    for (int i = 0; i < 2000; ++i) say(std::to_string(i * 7919));
    rotate();
    compress();
    const std::string packed = test::read_file(path.string() + ".1.gz");
    test::write_file(path.string() + ".1.gz", packed.substr(0, packed.size() / 2));
    say("last");

    const auto lines = read();

    EXPECT_GT(lines.size(), 100U);
    EXPECT_EQ(lines.front(), "0");
    EXPECT_EQ(lines.back(), "last");
    EXPECT_EQ(damaged, 1U);
}

TEST_F(CompressedLogs, TheCompressorWorksUntilTheWriterHasEndedAndForgets) {
    say("one");
    rotate();
    std::atomic<bool> ended{false};
    LogCompressor compressor({});
    compressor.watch("c", path, [&] { return ended.load(); });
    EXPECT_TRUE(eventually([&] { return exists(".1.gz") && !exists(".1"); }));
    say("two");
    rotate();
    EXPECT_TRUE(eventually([&] { return exists(".1.gz") && exists(".2.gz") && !exists(".1"); }));

    compressor.forget("c");
    say("three");
    rotate();
    compressor.watch("d", dir / "other.log", [&] { return true; });
    compressor.forget("d");
    compressor.stop();

    EXPECT_TRUE(exists(".1"));
}

}  // namespace
}  // namespace slipway::core
