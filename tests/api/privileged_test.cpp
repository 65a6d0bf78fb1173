// `--privileged` containers and execs, observed from inside; capabilities the daemon itself lacks.
#include "client.hpp"

#include <fstream>

namespace slipway::testing {
namespace {

using ::testing::Not;

uint64_t own_capabilities() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("CapBnd:")) return std::stoull(line.substr(7), nullptr, 16);
    }
    return 0;
}

uint64_t mask_of(const std::string& status_line) {
    return std::stoull(status_line.substr(status_line.find_first_of("0123456789abcdef", status_line.find(':'))),
                       nullptr, 16);
}

class Privileged : public DockerClient {
protected:
    std::string inside(const std::string& script) const {
        return docker_ok({"run", "--rm", "--privileged", "box", "sh", "-c", script});
    }
};

TEST_F(Privileged, HasAllTheDaemonHas) {
    EXPECT_EQ(mask_of(inside("grep CapEff: /proc/self/status")), own_capabilities());
    EXPECT_EQ(mask_of(inside("grep CapBnd: /proc/self/status")), own_capabilities());
    EXPECT_THAT(inside("grep Seccomp: /proc/self/status"), HasSubstr("\t0"));
}

TEST_F(Privileged, NothingIsMaskedAndTheTreesAreWritable) {
    EXPECT_EQ(inside("grep -E ' (/proc|/sys|/sys/fs/cgroup[^ ]*) ' /proc/mounts | grep -v ' rw,' | wc -l"), "0");
    EXPECT_EQ(inside("grep -cE ' /proc/.+ ' /proc/mounts || true"), "0");
    const std::string plain = docker_ok({"run", "--rm", "box", "sh", "-c", "grep -cE ' /proc/.+ ' /proc/mounts"});
    EXPECT_NE(plain, "0") << "else this test shows nothing";
    EXPECT_EQ(inside("test -w /proc/sys/kernel/domainname && echo yes"), "yes");
    EXPECT_EQ(inside("mount -t tmpfs none /mnt 2>&1 || { mkdir -p /m; mount -t tmpfs none /m; } && echo mounted"),
              "mounted");
}

TEST_F(Privileged, HasTheHostsDevicesAndMayUseThem) {
    // Any node the host has and a plain container has not.
    const std::string count = "find /dev -xdev -type c -o -type b -xdev | wc -l";
    const int plain = std::stoi(docker_ok({"run", "--rm", "box", "sh", "-c", count}));
    const int all = std::stoi(inside(count));
    EXPECT_GT(all, plain);
    // kmsg is on every host; reading it is the device group's and a capability's to allow.
    EXPECT_EQ(inside("test -c /dev/kmsg && dd if=/dev/kmsg of=/dev/null bs=8192 count=1 2>/dev/null && echo read"),
              "read");
    EXPECT_THAT(docker_ok({"run", "--rm", "--cap-add", "SYSLOG", "box", "sh", "-c",
                           "mknod /tmp/k c 1 11 && dd if=/tmp/k of=/dev/null bs=8192 count=1 2>&1 || true"}),
                HasSubstr("not permitted"));
}

TEST_F(Privileged, InspectShowsWhatDockerShows) {
    docker_ok({"create", "--name", "full", "--privileged", "box", "true"});

    EXPECT_EQ(inspect("full", "{{.HostConfig.Privileged}}"), "true");
    EXPECT_EQ(inspect("full", "{{json .HostConfig.SecurityOpt}}"), R"(["label=disable"])");
}

TEST_F(Privileged, WhatTheDaemonLacksIsAWarning) {
    const RunResult created = docker({"create", "--privileged", "box", "true"});
    const RunResult named = docker({"create", "--cap-add", "SYS_RESOURCE", "box", "true"});
    const RunResult all = docker({"create", "--cap-add", "ALL", "box", "true"});

    const bool lacks = (own_capabilities() >> 24 & 1) == 0;
    for (const RunResult* result : {&created, &named, &all}) {
        EXPECT_EQ(result->exit_code, 0) << result->err;
        EXPECT_EQ(result->err.find("The engine itself lacks CAP_SYS_RESOURCE") != std::string::npos, lacks)
            << result->err;
    }
    EXPECT_THAT(docker({"create", "--cap-add", "FROB", "box", "true"}).err, HasSubstr("unknown capability"));
}

TEST_F(Privileged, OwnGroupsAreShownNotTheMachines) {
    // The host's cgroup name space: the paths are the host's, the view at /sys/fs/cgroup is the container's own.
    docker_ok({"run", "-d", "--name", "full", "--privileged", "box", "sleep", "600"});
    const std::string id = inspect("full", "{{.Id}}");
    if (inspect("full", "{{.HostConfig.CgroupnsMode}}") != "host") GTEST_SKIP() << "control groups v2";

    EXPECT_THAT(docker_ok({"exec", "full", "cat", "/proc/1/cgroup"}), HasSubstr(id));
    EXPECT_EQ(docker_ok({"exec", "full", "sh", "-c", "cat /sys/fs/cgroup/pids/cgroup.procs | head -1"}), "1");
    EXPECT_EQ(docker_ok({"exec", "full", "sh", "-c", "mkdir /sys/fs/cgroup/pids/sub && echo made"}), "made");
}

TEST_F(Privileged, CgroupNameSpacesAreAsAsked) {
    EXPECT_THAT(docker_ok({"run", "--rm", "--cgroupns", "private", "box", "cat", "/proc/self/cgroup"}),
                Not(HasSubstr("slwtest-")));
    const std::string host = docker_ok({"run", "--rm", "--cgroupns", "host", "box", "cat", "/proc/self/cgroup"});
    EXPECT_THAT(host, HasSubstr("slwtest-"));
    const bool v2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
    const std::string limit = v2 ? "cat /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/memory.max"
                                 : "cat /sys/fs/cgroup/memory/memory.limit_in_bytes";
    EXPECT_EQ(docker_ok({"run", "--rm", "--cgroupns", "host", "--memory", "64m", "box", "sh", "-c", limit}),
              "67108864");
    const std::string group = v2 ? "/sys/fs/cgroup/x" : "/sys/fs/cgroup/pids/x";
    EXPECT_THAT(docker({"run", "--rm", "--cgroupns", "host", "box", "mkdir", group}).err, HasSubstr("ead-only"));
}

TEST_F(Privileged, AnExecMayBeMoreThanItsContainer) {
    docker_ok({"run", "-d", "--name", "con", "box", "sleep", "600"});

    EXPECT_THAT(docker_ok({"exec", "con", "grep", "CapEff:", "/proc/self/status"}), HasSubstr("00000000a80425fb"));
    EXPECT_EQ(mask_of(docker_ok({"exec", "--privileged", "con", "grep", "CapEff:", "/proc/self/status"})),
              own_capabilities());
    EXPECT_EQ(docker_ok({"exec", "--privileged", "con", "sh", "-c", "mkdir /m; mount -t tmpfs none /m && echo done"}),
              "done");
    EXPECT_NE(docker({"exec", "con", "umount", "/m"}).exit_code, 0) << "the next one is as confined as ever";
    EXPECT_THAT(docker_ok({"exec", "--privileged", "-u", "1000", "con", "grep", "CapEff:", "/proc/self/status"}),
                HasSubstr("0000000000000000"));
}

}  // namespace
}  // namespace slipway::testing
