// The log that the backend writes: what a rotation moves, and that it loses nothing when it cannot.
#include <process/log_writer.hpp>

#include <sys/rotation_lock.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LogWriterTest : public testing::Test {
protected:
    void SetUp() override {
        const auto* const info = testing::UnitTest::GetInstance()->current_test_info();
        directory_ = fs::temp_directory_path() / ("slipway-log-writer-" + std::string(info->name()));
        fs::remove_all(directory_);
        fs::create_directory(directory_);
        // Of about one record.
        auto opened = LogWriter::open({path().string(), 100, 3});
        ASSERT_TRUE(opened);
        writer_ = std::move(*opened);
    }
    void TearDown() override {
        writer_.reset();
        fs::remove_all(directory_);
    }

    fs::path path(const std::string& ending = "") const { return directory_ / ("log" + ending); }
    void say(const std::string& text) { writer_->write(1, text + "\n"); }
    std::string content(const std::string& ending = "") const {
        std::ifstream file(path(ending), std::ios::binary);
        return (std::stringstream() << file.rdbuf()).str();
    }
    void put(const std::string& ending, const std::string& text) const {
        std::ofstream(path(ending), std::ios::binary) << text;
    }

    fs::path directory_;
    std::unique_ptr<LogWriter> writer_;
};

const std::string kPadding(60, '.');

TEST_F(LogWriterTest, ARotationMovesBothFormsAndDropsTheOldest) {
    say("one" + kPadding);
    put(".1.gz", "packed");
    put(".2", "oldest");

    say("two" + kPadding);

    EXPECT_THAT(content(), HasSubstr("two"));
    EXPECT_THAT(content(".1"), HasSubstr("one"));
    EXPECT_EQ(content(".2.gz"), "packed");
    EXPECT_FALSE(fs::exists(path(".2")));
    EXPECT_FALSE(fs::exists(path(".1.gz")));

    say("three" + kPadding);

    EXPECT_THAT(content(".2"), HasSubstr("one"));
    EXPECT_FALSE(fs::exists(path(".2.gz")));
}

TEST_F(LogWriterTest, WhileSomebodyElseRenamesItWritesOnAndRotatesLater) {
    say("one" + kPadding);
    {
        const auto lock = RotationLock::try_take(path());
        ASSERT_TRUE(lock.has_value());
        EXPECT_FALSE(RotationLock::try_take(path()).has_value());
        say("two" + kPadding);
        EXPECT_THAT(content(), testing::AllOf(HasSubstr("one"), HasSubstr("two")));
    }

    say("three" + kPadding);

    EXPECT_THAT(content(".1"), HasSubstr("two"));
    EXPECT_THAT(content(), HasSubstr("three"));
    EXPECT_FALSE(fs::exists(path(".rotating")));
}

TEST_F(LogWriterTest, AFileThatCannotBeMovedLosesNothing) {
    fs::create_directories(path(".1") / "in the way");
    fs::create_directories(path(".2") / "in the way");
    say("one" + kPadding);
    say("two" + kPadding);
    EXPECT_THAT(content(), testing::AllOf(HasSubstr("one"), HasSubstr("two")));

    fs::remove_all(path(".1"));
    fs::remove_all(path(".2"));
    say("three" + kPadding);

    EXPECT_THAT(content(".1"), HasSubstr("two"));
    EXPECT_THAT(content(), HasSubstr("three"));
}

}  // namespace
}  // namespace slipway::windows_backend
