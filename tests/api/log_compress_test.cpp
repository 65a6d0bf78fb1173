// The log option `compress`: rotated files become gzip, and readers do not notice.
#include "client.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;

class LogCompression : public DockerClient {
protected:
    void run_writer(const std::vector<std::string>& log_options, const std::string& script) const {
        std::vector<std::string> argv = {"run", "-d", "--name", "one"};
        for (const std::string& option : log_options) argv.insert(argv.end(), {"--log-opt", option});
        argv.insert(argv.end(), {"box", "sh", "-c", script});
        docker_ok(argv);
    }
    std::string log_path() const { return inspect("one", "{{.LogPath}}"); }
    // Names of the rotated files, by what follows the log's.
    std::set<std::string> rotated() const {
        const fs::path path = log_path();
        std::set<std::string> names;
        for (const auto& entry : fs::directory_iterator(path.parent_path())) {
            const std::string name = entry.path().filename();
            if (name.starts_with(path.filename().string() + "."))
                names.insert(name.substr(path.filename().string().size()));
        }
        return names;
    }
    bool all_compressed(size_t count) const {
        const std::set<std::string> names = rotated();
        return names.size() == count &&
               std::all_of(names.begin(), names.end(), [](const std::string& name) { return name.ends_with(".gz"); });
    }
    // "line N" for ever higher N without a gap, up to `last`; where they begin.
    static int first_of_series(const std::string& text, int last) {
        std::istringstream lines(text);
        int first = -1, expected = -1;
        for (std::string word, number; lines >> word >> number; ++expected) {
            if (first < 0) first = expected = std::stoi(number);
            EXPECT_EQ(number, std::to_string(expected));
            if (number != std::to_string(expected)) return -1;
        }
        EXPECT_EQ(expected - 1, last);
        return first;
    }

    const std::vector<std::string> options_ = {"max-size=20k", "max-file=5", "compress=true"};
};

constexpr const char* kLines = "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done";

TEST_F(LogCompression, RotatedFilesAreGzipAndTheLogReadsOn) {
    run_writer(options_, std::string(kLines) + "; sleep 600");

    EXPECT_TRUE(eventually([&] { return docker_ok({"logs", "--tail", "1", "one"}) == "line 1999"; }));
    EXPECT_TRUE(eventually([&] { return all_compressed(4); })) << ::testing::PrintToString(rotated());
    EXPECT_EQ(run({"gzip", "-t", log_path() + ".1.gz", log_path() + ".4.gz"}).exit_code, 0);
    const int first = first_of_series(docker_ok({"logs", "one"}), 1999);
    EXPECT_GT(first, 0) << "five files hold less than was written";
    EXPECT_LT(first, 1000);
    EXPECT_EQ(first_of_series(docker_ok({"logs", "--tail", "500", "one"}), 1999), 1500);
}

TEST_F(LogCompression, AFollowerGetsEveryLine) {
    std::vector<std::string> many = options_;
    many[1] = "max-file=100";
    run_writer(many,
               "i=0; while [ $i -lt 4000 ]; do echo line $i; i=$((i+1)); [ $((i%500)) = 0 ] && sleep 1; done; true");

    const RunResult followed = docker({"logs", "-f", "one"});

    EXPECT_EQ(first_of_series(followed.out, 3999), 0);
    EXPECT_EQ(first_of_series(docker_ok({"logs", "one"}), 3999), 0);
}

TEST_F(LogCompression, ADaemonThatIsKilledLosesNothingAndTheNextOneCatchesUp) {
    std::vector<std::string> many = options_;
    many[1] = "max-file=100";
    run_writer(
        many,
        "i=0; while [ $i -lt 6000 ]; do echo line $i; i=$((i+1)); [ $((i%1000)) = 0 ] && sleep 1; done; sleep 600");
    for (int i = 0; i < 4; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(700));
        daemon->kill_daemon();
        std::this_thread::sleep_for(std::chrono::milliseconds(400));
        daemon->start_daemon();
    }

    EXPECT_TRUE(eventually([&] { return docker_ok({"logs", "--tail", "1", "one"}) == "line 5999"; }));
    EXPECT_TRUE(eventually([&] {
        const std::set<std::string> names = rotated();
        return names.size() > 5 && all_compressed(names.size());
    })) << ::testing::PrintToString(rotated());
    EXPECT_EQ(first_of_series(docker_ok({"logs", "one"}), 5999), 0);
    docker_ok({"rm", "-f", "one"});
}

TEST_F(LogCompression, WhatCannotBeIsSaidInDockersWords) {
    const auto refusal = [&](std::vector<std::string> options) {
        std::vector<std::string> argv = {"create"};
        for (const std::string& option : options) argv.insert(argv.end(), {"--log-opt", option});
        argv.insert(argv.end(), {"box", "true"});
        return docker(argv).err;
    };
    EXPECT_THAT(refusal({"compress=true"}),
                HasSubstr("compress cannot be true when max-file is less than 2 or when max-size is not set"));
    EXPECT_THAT(refusal({"compress=maybe"}), HasSubstr("strconv.ParseBool: parsing \"maybe\": invalid syntax"));
}

}  // namespace
}  // namespace slipway::testing
