// The log drivers besides json-file.
#include "client.hpp"

#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <regex>

namespace slipway::testing {
namespace {

class LogDrivers : public DockerClient {};

TEST_F(LogDrivers, LocalIsReadBackAcrossItsFiles) {
    docker_ok({"run", "--name", "local", "--log-driver", "local", "--log-opt", "max-size=4k", "--log-opt", "max-file=3",
               "box", "sh", "-c", "i=0; while [ $i -lt 60 ]; do echo line $i; i=$((i+1)); done; echo last >&2"});

    EXPECT_EQ(inspect("local", "{{.HostConfig.LogConfig.Type}}"), "local");
    const RunResult logs = docker({"logs", "local"});
    EXPECT_THAT(logs.out, HasSubstr("line 20\n"));
    EXPECT_THAT(logs.out, HasSubstr("line 59\n"));
    EXPECT_EQ(logs.err, "last\n");
    EXPECT_EQ(trimmed(docker({"logs", "--tail", "1", "local"}).err), "last");
}

TEST_F(LogDrivers, DetailsShowTheAttributesOfEachRecord) {
    for (const std::string driver : {"json-file", "local"}) {
        docker_ok({"run",
                   "--name",
                   driver,
                   "--log-driver",
                   driver,
                   "--log-opt",
                   "tag={{.Name}}/{{.ImageName}}",
                   "--log-opt",
                   "labels=role",
                   "--log-opt",
                   "env-regex=^ZONE",
                   "--label",
                   "role=web server",
                   "-e",
                   "ZONE_A=1",
                   "-e",
                   "OTHER=2",
                   "box",
                   "echo",
                   "hello"});
        EXPECT_EQ(docker_ok({"logs", "--details", driver}), "ZONE_A=1,role=web+server,tag=" + driver + "%2Fbox hello");
        EXPECT_EQ(docker_ok({"logs", driver}), "hello");
    }
    docker_ok({"run", "--name", "plain", "box", "echo", "hello"});
    EXPECT_EQ(docker({"logs", "--details", "plain"}).out, " hello\n");
    EXPECT_THAT(docker({"create", "--log-opt", "tag={{.Nme}}", "box", "true"}).err,
                HasSubstr("log opt 'tag': unknown field '.Nme'"));
}

// The container's directory on a file system of 64 KiB.
TEST_F(LogDrivers, TheLogSaysWhereAFullDiskLostRecords) {
    const std::string lines = "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; ";
    docker_ok({"create", "--name", "con", "--log-opt", "tag=x", "box", "sh", "-c",
               lines + "touch /filled; while [ ! -e /go ]; do sleep 0.05; done; echo after"});
    const std::string directory = daemon->data_root() + "/containers/" + inspect("con", "{{.Id}}");
    ASSERT_EQ(mount("slwt-log", directory.c_str(), "tmpfs", 0, "size=64k,mode=700"), 0);
    run({"sh", "-c", "head -c 16384 /dev/zero > " + directory + "/ballast"});
    docker_ok({"start", "con"});
    EXPECT_TRUE(eventually([&] { return docker({"exec", "con", "test", "-e", "/filled"}).exit_code == 0; }));
    std::filesystem::remove(directory + "/ballast");
    docker_ok({"exec", "con", "touch", "/go"});
    EXPECT_EQ(docker_ok({"wait", "con"}), "0");

    const RunResult logs = docker({"logs", "con"});
    const auto there = static_cast<size_t>(std::count(logs.out.begin(), logs.out.end(), '\n'));
    std::smatch missing;
    ASSERT_TRUE(std::regex_match(
        logs.err, missing,
        std::regex("slipway: ([0-9]+) log records \\([0-9]+ bytes\\) are missing here: No space left on device\n")))
        << logs.err;
    EXPECT_GT(there, 100U);
    EXPECT_EQ(there + std::stoul(missing[1]), 2001U);
    EXPECT_THAT(logs.out, ::testing::EndsWith("after\n"));
    EXPECT_EQ(umount2(directory.c_str(), MNT_DETACH), 0);
    docker_ok({"rm", "con"});
}

TEST_F(LogDrivers, LocalRefusesOptionsItDoesNotHave) {
    const RunResult refused = docker({"create", "--log-driver", "local", "--log-opt", "colour=red", "box", "true"});

    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.err, HasSubstr("unknown log opt 'colour' for log driver local"));
}

}  // namespace
}  // namespace slipway::testing
