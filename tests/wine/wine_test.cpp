// What only the programs for Windows have: the named pipe, our own client there, the service, the end on Ctrl-C. What
// they share with those for Linux is tested by tests/api on this platform (CMakeLists.txt says which of it).
#include <support/daemon.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

RunResult wine(std::vector<std::string> command, RunOptions options = {}) {
    command.insert(command.begin(), wine_program());
    options.environment.push_back("WINEPREFIX=" + wine_prefix());
    return run(command, options);
}

class Wine : public ::testing::Test {
protected:
    void SetUp() override {
        if (!fs::exists(windows_build() + "/bin/slipwayd.exe")) {
            if (std::getenv("CI") != nullptr)
                FAIL() << "not built: " << windows_build() << ", and in CI it may not skip";
            GTEST_SKIP() << "not built: " << windows_build();
        }
        DaemonUnderTest::Options options;
        options.backend = "wine";
        daemon = std::make_unique<DaemonUnderTest>(options);
        ASSERT_EQ(daemon->problem(), "");
    }
    void TearDown() override {
        if (daemon == nullptr) return;
        EXPECT_EQ(daemon->left_on_simulated_host(), "");
    }
    std::string pipe() const { return "npipe:////./pipe/" + fs::path(daemon->root()).filename().string(); }
    // slipway.exe over the pipe.
    RunResult slipway(std::vector<std::string> arguments, std::string input = "") const {
        arguments.insert(arguments.begin(), {windows_build() + "/bin/slipway.exe", "-H", pipe()});
        RunOptions options;
        options.input = std::move(input);
        return wine(arguments, options);
    }
    // Another slipwayd.exe with this one's pipe, and these directories.
    RunResult second_daemon(const std::string& roots, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> command = {windows_build() + "/bin/slipwayd.exe", "-H", pipe()};
        command.insert(command.end(), more.begin(), more.end());
        command.insert(command.end(),
                       {"--data-root", windows_path(roots + "/data"), "--exec-root", windows_path(roots + "/run")});
        RunOptions options;
        options.environment = daemon->platform().environment;
        return wine(command, options);
    }

    std::unique_ptr<DaemonUnderTest> daemon;
};

TEST_F(Wine, OurClientDrivesTheDaemonOverItsPipe) {
    const RunResult version = slipway({"version"});
    ASSERT_EQ(version.exit_code, 0) << version.err << daemon->log();
    const RunResult refused = slipway({"create", "--name", "zw\u00f6lf", "box", "sleep", "600"});
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.err, HasSubstr("zw\u00f6lf")) << "arguments and messages are UTF-8 on both sides";

    ASSERT_EQ(slipway({"create", "--name", "two", "box", "sleep", "600"}).exit_code, 0) << daemon->log();
    EXPECT_EQ(slipway({"start", "two"}).exit_code, 0) << daemon->log();
    EXPECT_THAT(slipway({"ps"}).out, HasSubstr("two"));
    const RunResult ran = slipway({"run", "--rm", "box", "sh", "-c", "echo from inside; exit 7"});
    EXPECT_EQ(ran.exit_code, 7) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("from inside"));
    EXPECT_EQ(slipway({"rm", "-f", "two"}).exit_code, 0) << daemon->log();
}

// In text mode Windows' library drops "\r", and ends at the first Ctrl-Z.
TEST_F(Wine, OurClientReadsArchivesFromItsInput) {
    fs::create_directories(daemon->root() + "/layer/Files");
    write_file(daemon->root() + "/layer/Files/text", std::string("one\r\n\x1a\ntwo\r\n"));
    const std::string tar = daemon->root() + "/layer.tar";
    ASSERT_EQ(run({"tar", "-C", daemon->root() + "/layer", "-cf", tar, "Files"}).exit_code, 0);
    ASSERT_EQ(daemon->docker({"import", tar, "whole"}).exit_code, 0) << daemon->log();

    const RunResult imported = slipway({"import", "-", "piped"}, read_file(tar));

    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    const auto layers = [&](const std::string& image) {
        return trimmed(daemon->docker({"image", "inspect", "-f", "{{.RootFS.Layers}}", image}).out);
    };
    EXPECT_EQ(layers("piped"), layers("whole"));
    EXPECT_THAT(layers("whole"), HasSubstr("sha256:"));
}

TEST_F(Wine, ItEndsInOrderOnCtrlCAndFindsItsStateAgain) {
    ASSERT_EQ(daemon->docker({"create", "--name", "stays", "box", "true"}).exit_code, 0) << daemon->log();
    daemon->stop_daemon();
    EXPECT_THAT(daemon->log(), HasSubstr("stopping on Ctrl-C"));
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");
    EXPECT_EQ(trimmed(daemon->docker({"ps", "-a", "--format", "{{.Names}}"}).out), "stays") << daemon->log();
}

TEST_F(Wine, ASecondDaemonOnTheSameRootsIsRefused) {
    const RunResult second = second_daemon(daemon->root());
    EXPECT_EQ(second.exit_code, 1);
    EXPECT_THAT(second.err, HasSubstr("is in use by another slipwayd, process "));
}

TEST_F(Wine, ItRunsAsAService) {
    daemon->stop_daemon();  // its pipe is the service's now
    const std::string name = fs::path(daemon->root()).filename().string();
    const std::string program = windows_build() + "/bin/slipwayd.exe";
    const RunResult registered = second_daemon(daemon->root(), {"--register-service", "--service-name", name});
    ASSERT_EQ(registered.exit_code, 0) << registered.err;
    EXPECT_EQ(second_daemon(daemon->root(), {"--register-service", "--service-name", name}).exit_code, 1)
        << "a name that is taken";
    // The service manager's children would keep the pipes of a caller open.
    Background start =
        Background::start({wine_program(), "net", "start", name}, "/dev/null", {"WINEPREFIX=" + wine_prefix()});
    EXPECT_TRUE(eventually([&] { return slipway({"version"}).exit_code == 0; }, 60s));
    const RunResult removed = wine({program, "--unregister-service", "--service-name", name});
    EXPECT_EQ(removed.exit_code, 0) << removed.err;
    EXPECT_TRUE(eventually([&] { return slipway({"version"}).exit_code != 0; }, 60s)) << "stopped";
}

}  // namespace
}  // namespace slipway::testing
