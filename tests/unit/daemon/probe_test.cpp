// How a backend's probe ends, and what is said of it.
#include "probe.hpp"
#include "support/temporary_directory.hpp"

#include <thread>

namespace slipway::daemon {
namespace {

using testing::HasSubstr;

class ProbeTest : public TemporaryDirectory {
protected:
    // Runs a probe whose program is a shell script.
    Status probe(const std::string& script, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
        const std::string program = write("probe.sh", "#!/bin/sh\n" + script);
        std::filesystem::permissions(program, std::filesystem::perms(0755));
        return make_probe(program, limit)("/x/liby.so");
    }
};

TEST_F(ProbeTest, HandsTheLibraryOver) {
    EXPECT_TRUE(probe("[ \"$1\" = --probe-plugin ] && [ \"$2\" = /x/liby.so ] && echo probe finished").has_value());
}

TEST_F(ProbeTest, DoesNotTakeAnEarlyEndForSuccess) {
    const Status probed = probe("exit 0");
    ASSERT_FALSE(probed.has_value());
    EXPECT_EQ(probed.error().message(), "loading it ended the process");
}

TEST_F(ProbeTest, NamesTheSignalOfACrash) {
    const Status probed = probe("echo 'terminate called' >&2; kill -SEGV $$");
    ASSERT_FALSE(probed.has_value());
    EXPECT_EQ(probed.error().message(), "loading it crashed with SIGSEGV (it said: terminate called)");
}

TEST_F(ProbeTest, EndsOneThatHangs) {
    const Status probed = probe("exec sleep 600", std::chrono::milliseconds(50));
    ASSERT_FALSE(probed.has_value());
    EXPECT_EQ(probed.error().message(), "loading it did not finish within 50 ms");
}

TEST_F(ProbeTest, PassesTheErrorOn) {
    const Status probed = probe(R"(echo '{"code":3,"message":"another ABI"}'; exit 1)");
    ASSERT_FALSE(probed.has_value());
    EXPECT_EQ(probed.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(probed.error().message(), "another ABI");
    EXPECT_THAT(probe("exit 9").error().message(), HasSubstr("exit code 9"));
}

TEST_F(ProbeTest, ReportsAProgramThatIsNotThere) {
    EXPECT_FALSE(make_probe(root / "nothing", std::chrono::seconds(1))("/x").has_value());
}

// As where the machine was short of something when it was to be started.
TEST_F(ProbeTest, AProgramThatCannotBeStartedAtOnceIsTriedAgain) {
    const std::filesystem::path later = write("later.sh", "#!/bin/sh\necho probe finished");
    std::filesystem::permissions(later, std::filesystem::perms(0755));
    std::thread comes([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        std::filesystem::rename(later, root / "probe.sh");
    });

    const Status probed = make_probe(root / "probe.sh", std::chrono::seconds(10))("/x/liby.so");

    comes.join();
    EXPECT_TRUE(probed.has_value());
}

}  // namespace
}  // namespace slipway::daemon
