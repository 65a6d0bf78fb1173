// tests/api/client.hpp - the fixture of tests that drive a daemon with the real docker client.
#pragma once

#include <support/daemon.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <sstream>

namespace slipway::testing {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// How much a test does: a number in the environment, or `otherwise`.
inline uint64_t number_from(const char* variable, uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// For what a test needs of the machine: skips with the reason, and fails in CI, where such a test may not skip.
#define SLW_SKIP_WITHOUT(condition, reason)                                                  \
    if (!(condition)) {                                                                      \
        if (std::getenv("CI") != nullptr) FAIL() << reason << ", and in CI it may not skip"; \
        GTEST_SKIP() << reason;                                                              \
    }

// Starts a daemon for each test. Without root the test is skipped, except in CI, where that is a failure.
class DockerClient : public ::testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) {
            if (std::getenv("CI") != nullptr) FAIL() << "this test needs root, and in CI it may not skip";
            GTEST_SKIP() << "needs root: it runs containers";
        }
        daemon = std::make_unique<DaemonUnderTest>(options());
        ASSERT_EQ(daemon->problem(), "");
    }
    void TearDown() override {
        if (daemon == nullptr || !daemon->problem().empty()) return;
        EXPECT_EQ(daemon->left_on_simulated_host(), "");
    }
    virtual DaemonUnderTest::Options options() const { return {}; }

    RunResult docker(std::vector<std::string> arguments, const RunOptions& run_options = {}) const {
        return daemon->docker(std::move(arguments), run_options);
    }
    // Runs and expects success; returns stdout without its last newline.
    std::string docker_ok(std::vector<std::string> arguments) const {
        std::string shown;
        for (const std::string& argument : arguments) shown += argument + " ";
        const RunResult result = daemon->docker(std::move(arguments));
        EXPECT_EQ(result.exit_code, 0) << "docker " << shown << "\n" << result.err;
        return trimmed(result.out);
    }
    std::string inspect(const std::string& container, const std::string& format) const {
        return docker_ok({"inspect", "-f", format, container});
    }

    // The machine once there is what the first start makes for all later ones: bridge, firewall table, group parents.
    MachineState after_a_first_run() const {
        docker_ok({"run", "--rm", "-p", std::to_string(free_port()) + ":80", "box", "true"});
        EXPECT_TRUE(eventually([&] { return docker_ok({"ps", "-aq"}).empty(); }));
        return daemon->machine_at_rest();
    }
    // The events so far, oldest first; more arguments are the client's filters and format.
    std::string events_so_far(const std::vector<std::string>& arguments) const {
        timespec now{};
        clock_gettime(CLOCK_REALTIME, &now);
        std::string nanos = std::to_string(now.tv_nsec);
        nanos.insert(0, 9 - nanos.size(), '0');  // "0s" as the end would be cut to whole seconds by the client
        std::vector<std::string> all = {"events", "--since", "1", "--until", std::to_string(now.tv_sec) + "." + nanos};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return docker_ok(std::move(all));
    }

    std::unique_ptr<DaemonUnderTest> daemon;
};

}  // namespace slipway::testing
