// The supervisor's log on a disk that fills up: a limit on the size of files stands in for the disk.
#include <log_writer.hpp>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace slipway::supervisor {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class LogWriterTest : public ::testing::Test {
protected:
    LogWriterTest() {
        char name[] = "/tmp/slipway-log-XXXXXX";
        directory_ = mkdtemp(name);
        fd_ = ::open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        getrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, SIG_IGN);
    }
    ~LogWriterTest() override {
        has_room_for(RLIM_INFINITY);
        close(fd_);
        std::filesystem::remove_all(directory_);
    }

    // Files can grow to `bytes` and no further.
    void has_room_for(rlim_t bytes) {
        rlimit limit = before_;
        limit.rlim_cur = bytes == RLIM_INFINITY ? before_.rlim_cur : bytes;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    void say(const std::string& text, unsigned stream = 0) {
        writer_.write(stream, text.data(), text.size());
        writer_.flush();
    }
    std::string file(const std::string& name = "log") const {
        std::ifstream in(directory_ + "/" + name, std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    }
    // Lines that are records; what is none counts as damaged.
    std::vector<json> records(const std::string& name = "log") {
        std::vector<json> all;
        std::istringstream lines(file(name));
        damaged_ = 0;
        for (std::string line; std::getline(lines, line);) {
            json record = json::parse(line, nullptr, false);
            if (record.is_discarded()) {
                ++damaged_;
            } else {
                all.push_back(std::move(record));
            }
        }
        return all;
    }

    std::string directory_;
    int fd_ = -1;
    rlimit before_{};
    LogWriter writer_;
    int damaged_ = 0;
};

TEST_F(LogWriterTest, EveryRecordCarriesTheAttributes) {
    ASSERT_TRUE(writer_.open(fd_, "log", 0, 1, R"({"tag":"web"})"));
    say("one\n");
    say("two", 1);
    writer_.finish(1);
    writer_.end();

    const auto all = records();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0]["log"], "one\n");
    EXPECT_EQ(all[0]["attrs"], json({{"tag", "web"}}));
    EXPECT_EQ(all[1]["log"], "two");
    EXPECT_EQ(all[1]["stream"], "stderr");
    EXPECT_EQ(all[1]["attrs"], json({{"tag", "web"}}));
}

TEST_F(LogWriterTest, SaysWhereAFullDiskLostRecords) {
    ASSERT_TRUE(writer_.open(fd_, "log", 0, 1, R"({"tag":"web"})"));
    say("kept\n");
    const size_t one = file().size();
    has_room_for(one + 20);  // the next record is cut in the middle
    say("lost 1\n");
    say("lost 2\nlost 3\n");
    EXPECT_EQ(file().size(), one + 20);
    has_room_for(RLIM_INFINITY);
    say("here again\n");
    say("and again\n");

    const auto all = records();
    ASSERT_EQ(all.size(), 4U) << file();
    EXPECT_EQ(damaged_, 1);
    EXPECT_EQ(all[0]["log"], "kept\n");
    EXPECT_EQ(all[1]["log"], "slipway: 3 log records (" + std::to_string(3 * (one + 2) - 20) +
                                 " bytes) are missing here: File too large\n");
    EXPECT_EQ(all[1]["stream"], "stderr");
    EXPECT_EQ(all[1]["attrs"]["slipway.lost.records"], "3");
    EXPECT_EQ(all[1]["attrs"]["tag"], "web");
    EXPECT_EQ(all[2]["log"], "here again\n");
    EXPECT_EQ(all[3]["log"], "and again\n");
}

TEST_F(LogWriterTest, CountsEachLostRecordOnceWhateverItsSize) {
    ASSERT_TRUE(writer_.open(fd_, "log", 0, 1, ""));
    // Line by line through a buffer of 32 KiB: records end at any place in it, and one is larger than it.
    const std::string wide(16 * 1024, '\x01');  // six bytes each when escaped
    for (rlim_t room = 1000; room < 400'000; room += 37'777) {
        has_room_for(file().size() + room);
        for (int i = 0; i < 300; ++i) writer_.write(0, "0123456789\n", 11);
        writer_.write(0, (wide + "\n").data(), wide.size() + 1);
        for (int i = 0; i < 300; ++i) writer_.write(0, "0123456789\n", 11);
        writer_.flush();
        has_room_for(RLIM_INFINITY);
    }
    say("end\n");

    size_t rounds = 0, there = 0, missing = 0;
    for (rlim_t room = 1000; room < 400'000; room += 37'777) ++rounds;
    for (const json& record : records()) {
        const bool marker = record.contains("attrs");
        there += marker ? 0 : 1;
        if (marker) missing += std::stoul(record["attrs"]["slipway.lost.records"].get<std::string>());
    }
    EXPECT_EQ(there + missing, rounds * 601 + 1);
    EXPECT_GT(missing, 0U);
    EXPECT_GT(there, rounds);
}

TEST_F(LogWriterTest, TheEndSaysWhatWasLostLast) {
    ASSERT_TRUE(writer_.open(fd_, "log", 0, 1, ""));
    has_room_for(0);
    say("lost\n");
    has_room_for(RLIM_INFINITY);
    writer_.end();

    const auto all = records();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_THAT(all[0]["log"].get<std::string>(), HasSubstr("1 log records"));
    EXPECT_EQ(all[0]["attrs"].size(), 2U);
}

TEST_F(LogWriterTest, GoesOnBehindARecordThatWasCutByACrash) {
    std::ofstream(directory_ + "/log") << R"({"log":"half)";
    ASSERT_TRUE(writer_.open(fd_, "log", 0, 1, ""));
    say("whole\n");

    const auto all = records();
    ASSERT_EQ(all.size(), 1U) << file();
    EXPECT_EQ(all[0]["log"], "whole\n");
    EXPECT_EQ(damaged_, 1);
}

TEST_F(LogWriterTest, RotatesByTheSizeWithAttributes) {
    const std::string attributes = json({{"tag", std::string(400, 'x')}}).dump();
    ASSERT_TRUE(writer_.open(fd_, "log", 1000, 3, attributes.c_str()));
    for (int i = 0; i < 5; ++i) say(std::to_string(i) + "\n");

    EXPECT_EQ(records("log").size(), 1U);
    EXPECT_EQ(records("log.1").size(), 2U);
    EXPECT_EQ(records("log.2").size(), 2U);
    EXPECT_LE(file("log.1").size(), 1000U);
}

// What the engine has compressed: "<log>.N.gz" in place of "<log>.N".
TEST_F(LogWriterTest, ARotationMovesCompressedFilesAlong) {
    ASSERT_TRUE(writer_.open(fd_, "log", 90, 4, ""));
    say("one\n");
    say("two\n");
    std::filesystem::rename(directory_ + "/log.1", directory_ + "/log.1.gz");
    say("three\n");

    EXPECT_EQ(records("log.2.gz").at(0)["log"], "one\n");
    EXPECT_EQ(records("log.1").at(0)["log"], "two\n");
    EXPECT_EQ(records("log").at(0)["log"], "three\n");
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/log.1.gz"));

    say("four\n");
    say("five\n");
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/log.3.gz")) << "the oldest falls off";
    EXPECT_EQ(records("log.3").at(0)["log"], "two\n");
}

TEST_F(LogWriterTest, TheOldestFallsOffInWhateverFormItIs) {
    ASSERT_TRUE(writer_.open(fd_, "log", 90, 2, ""));
    say("one\n");
    say("two\n");
    std::filesystem::rename(directory_ + "/log.1", directory_ + "/log.1.gz");

    say("three\n");

    EXPECT_FALSE(std::filesystem::exists(directory_ + "/log.1.gz"));
    EXPECT_EQ(records("log.1").at(0)["log"], "two\n");
}

TEST_F(LogWriterTest, ALockOnTheDirectoryPutsRotationOffAndNothingElse) {
    ASSERT_TRUE(writer_.open(fd_, "log", 90, 3, ""));
    const int lock = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_EQ(flock(lock, LOCK_EX), 0);
    say("one\n");
    say("two\n");
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/log.1"));
    EXPECT_EQ(records().size(), 2U);

    close(lock);
    say("three\n");

    EXPECT_EQ(records("log.1").size(), 2U);
    EXPECT_EQ(records().size(), 1U);
}

}  // namespace
}  // namespace slipway::supervisor
