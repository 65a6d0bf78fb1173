// What the daemon does before it serves: options and configuration file, state directories, the plugin probe, log
// lines.
#include "config_file.hpp"
#include "directories.hpp"
#include "logger.hpp"
#include "options.hpp"
#include "probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace slipway::daemon {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class TemporaryDirectory : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = "/tmp/slipway-daemon-test-XXXXXX";
        root = ::mkdtemp(pattern.data());
    }
    void TearDown() override { std::filesystem::remove_all(root); }

    std::string write(const std::string& name, const std::string& content, mode_t mode = 0644) const {
        const std::filesystem::path path = root / name;
        std::ofstream(path) << content;
        ::chmod(path.c_str(), mode);
        return path.string();
    }
    DaemonOptions options() const {
        DaemonOptions out;
        out.data_root = root / "data";
        out.exec_root = root / "exec";
        return out;
    }

    std::filesystem::path root;
};

Result<Invocation> parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "slipwayd");
    return parse_invocation(arguments);
}

std::string config_error(const std::string& text, std::vector<std::pair<std::string, std::string>> flags = {}) {
    DaemonOptions options;
    const Status applied = apply_config_file(json::parse(text), flags, options);
    return applied ? "accepted" : applied.error().message();
}

using OptionsTest = TemporaryDirectory;

TEST_F(OptionsTest, CommandLineAndFileComeTogether) {
    const std::string file = write("daemon.json", R"({"bip":"10.9.0.1/16","backends":{"linux":{"x":1}}})");
    const Result<Invocation> parsed = parse({"-H", "unix:///a.sock", "-H", "tcp://127.0.0.1:1", "--bridge", "none",
                                             "--data-root", "/srv/x/", "--config-file", file});
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
    const DaemonOptions& options = parsed->options;
    EXPECT_EQ(options.hosts, (std::vector<std::string>{"unix:///a.sock", "tcp://127.0.0.1:1"}));
    EXPECT_EQ(options.bridge, "none");
    EXPECT_EQ(options.data_root, "/srv/x");
    EXPECT_EQ(options.bip, "10.9.0.1/16");
    EXPECT_EQ(options.backends["linux"]["x"], 1);
}

TEST_F(OptionsTest, TheDefaultSocketLiesInTheExecRoot) {
    const std::string file = write("daemon.json", "");
    const Result<Invocation> parsed = parse({"--exec-root", "/run/other", "--config-file", file});
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->options.hosts, std::vector<std::string>{"unix:///run/other/slipway.sock"});
}

TEST_F(OptionsTest, BadValuesAreNamed) {
    const std::string file = write("daemon.json", "{}");
    const auto message = [&](const std::string& option, const std::string& value) {
        const Result<Invocation> parsed = parse({"--config-file", file, option, value});
        return parsed ? "accepted" : parsed.error().message();
    };
    EXPECT_THAT(message("--log-level", "loud"), HasSubstr("'loud'"));
    EXPECT_THAT(message("--min-api-version", "1.21"), HasSubstr("between 1.22 and 1.51"));
    EXPECT_THAT(message("--min-api-version", "1.52"), HasSubstr("between 1.22 and 1.51"));
    EXPECT_EQ(message("--min-api-version", "1.51"), "accepted");
    EXPECT_THAT(message("--shutdown-timeout", "-1"), HasSubstr("shutdown-timeout"));
    const std::string never = write("never.json", R"({"phase-deadlines": {"create": 0}})");
    EXPECT_THAT(parse({"--config-file", never}).error().message(), HasSubstr("phase-deadlines: that of 'create'"));
    EXPECT_EQ(parse({"--config-file", "/nowhere/daemon.json"}).error().code(), ErrorCode::kNotFound);
}

TEST_F(OptionsTest, DamagedFilesAreNamed) {
    for (const char* content : {"{", "[]", "5"}) {
        const std::string file = write("daemon.json", content);
        const Result<Invocation> parsed = parse({"--config-file", file});
        ASSERT_FALSE(parsed.has_value());
        EXPECT_THAT(parsed.error().message(), HasSubstr(file));
    }
}

TEST(ConfigFile, UnknownKeysAndWrongTypesAreNamed) {
    EXPECT_EQ(config_error(R"({"colour":"red","hosts":[]})"),
              "the following directives don't match any configuration option: colour");
    EXPECT_EQ(config_error(R"({"hosts":"unix:///x"})"), "'hosts' cannot be a value of type string");
    EXPECT_EQ(config_error(R"({"hosts":[5]})"), "'hosts' cannot be a value of type array");
    EXPECT_EQ(config_error(R"({"shutdown-timeout":"5"})"), "'shutdown-timeout' cannot be a value of type string");
}

TEST(ConfigFile, TakesDefaultsOfContainers) {
    DaemonOptions options;
    ASSERT_TRUE(apply_config_file(
        nlohmann::json::parse(R"({"init": true, "no-new-privileges": true, "seccomp-profile": "/p.json"})"), {},
        options));
    EXPECT_TRUE(options.init);
    EXPECT_TRUE(options.no_new_privileges);
    EXPECT_EQ(options.seccomp_profile, "/p.json");
    EXPECT_EQ(config_error(R"({"init":"yes"})"), "'init' cannot be a value of type string");
}

TEST(ConfigFile, TakesDeadlinesOfPhases) {
    DaemonOptions options;
    ASSERT_TRUE(
        apply_config_file(nlohmann::json::parse(R"({"phase-deadlines": {"create": 5, "default": 9}})"), {}, options));
    EXPECT_EQ(options.phase_deadlines, (std::map<std::string, int64_t>{{"create", 5}, {"default", 9}}));
    EXPECT_EQ(config_error(R"({"phase-deadlines":{"create":"1s"}})"),
              "'phase-deadlines' cannot be a value of type object");
}

TEST(ConfigFile, ConflictsShowBothSides) {
    EXPECT_EQ(config_error(R"({"hosts":["unix:///b"]})", {{"hosts", "unix:///a"}}),
              "the following directives are specified both as a flag and in the configuration file: hosts: (from flag: "
              "unix:///a, from file: [\"unix:///b\"])");
}

using DirectoriesTest = TemporaryDirectory;

TEST_F(DirectoriesTest, AreMadeWithTheirModes) {
    const DaemonOptions wanted = options();
    ASSERT_TRUE(prepare_directories(wanted).has_value());
    const auto mode = [](const std::filesystem::path& path) {
        struct stat info {};
        ::stat(path.c_str(), &info);
        return info.st_mode & 07777U;
    };
    EXPECT_EQ(mode(wanted.data_root), 0710U);
    EXPECT_EQ(mode(wanted.exec_root), 0711U);
    EXPECT_EQ(mode(wanted.data_root / "backends"), 0700U);
    EXPECT_EQ(mode(wanted.exec_root / "backends"), 0700U);
}

TEST_F(DirectoriesTest, BelongToOneDaemonAtATime) {
    DaemonOptions wanted = options();
    {
        const Result<Directories> first = prepare_directories(wanted);
        ASSERT_TRUE(first.has_value());
        Result<Directories> second = prepare_directories(wanted);
        ASSERT_FALSE(second.has_value());
        EXPECT_EQ(second.error().message(), "the data root '" + wanted.data_root.string() +
                                                "' is in use by another slipwayd, process " +
                                                std::to_string(::getpid()));
        wanted.data_root = root / "elsewhere";
        second = prepare_directories(wanted);
        ASSERT_FALSE(second.has_value());
        EXPECT_THAT(second.error().message(), HasSubstr("the exec root '"));
    }
    EXPECT_TRUE(prepare_directories(wanted).has_value());
}

TEST_F(DirectoriesTest, PidFilesComeAndGo) {
    const std::string path = (root / "slipway.pid").string();
    {
        const Result<PidFile> file = PidFile::write(path);
        ASSERT_TRUE(file.has_value());
        std::string pid;
        std::getline(std::ifstream(path) >> std::ws, pid);
        EXPECT_EQ(pid, std::to_string(::getpid()));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
    write("slipway.pid", "1\n");  // a living process, but no slipwayd
    EXPECT_TRUE(PidFile::write(path).has_value());
    EXPECT_TRUE(PidFile::write("").has_value());
}

TEST(Instance, IsStableAndDiffersByRoot) {
    EXPECT_EQ(instance_of("/run/slipway"), instance_of("/run/slipway"));
    EXPECT_NE(instance_of("/run/slipway"), instance_of("/run/slipway2"));
    EXPECT_EQ(instance_of("/run/slipway").size(), 8U);
}

class ProbeTest : public TemporaryDirectory {
protected:
    // Runs a probe whose program is a shell script.
    Status probe(const std::string& script, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
        return make_probe(write("probe.sh", "#!/bin/sh\n" + script, 0755), limit)("/x/liby.so");
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

TEST(LogLines, CannotBeForged) {
    EXPECT_EQ(format_line(1'700'000'000'123'456'789, core::LogLevel::kWarn, "a\nb\x1b[31m\tc"),
              "2023-11-14T22:13:20.123Z WARN  a\\nb\\x1b[31m\\tc\n");
}

}  // namespace
}  // namespace slipway::daemon
