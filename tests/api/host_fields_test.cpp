// Settings of a host configuration that have no test file of their own: each is seen from inside the container, or
// refused with Docker's text.
#include "client.hpp"

#include <support/raw_http.hpp>

#include <filesystem>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace slipway::testing {
namespace {

using nlohmann::json;
using ::testing::Not;

class HostFields : public DockerClient {
protected:
    struct Created {
        std::string status, id, message;
        std::string warnings;
    };
    Created create(const json& host_config, const std::string& command = "true", json config = json::object()) const {
        config["Image"] = "box";
        config["Cmd"] = {"sh", "-c", command};
        config["HostConfig"] = host_config;
        const RunResult result = daemon->http("POST", "/v1.43/containers/create", config.dump());
        const size_t line = result.out.rfind('\n');
        const json body = json::parse(result.out.substr(0, line), nullptr, false);
        return {result.out.substr(line + 1), body.value("Id", ""), body.value("message", ""),
                body.contains("Warnings") ? body["Warnings"].dump() : ""};
    }
    // Runs it and returns what it printed.
    std::string output(const json& host_config, const std::string& command, json config = json::object()) const {
        const Created created = create(host_config, command, std::move(config));
        EXPECT_EQ(created.status, "201") << created.message;
        const RunResult result = docker({"start", "-a", created.id});
        return trimmed(result.out + result.err);
    }
};

bool has_v1(const char* file) {
    return std::filesystem::exists(std::string("/sys/fs/cgroup/") + file);
}

TEST_F(HostFields, KernelTcpMemoryIsLimitedOrDiscardedWithAWarning) {
    if (has_v1("memory/memory.kmem.tcp.limit_in_bytes")) {
        EXPECT_EQ(output({{"KernelMemoryTCP", 8388608}}, "cat /sys/fs/cgroup/memory/memory.kmem.tcp.limit_in_bytes"),
                  "8388608");
    } else {
        EXPECT_THAT(create({{"KernelMemoryTCP", 8388608}}).warnings, HasSubstr("kernel memory TCP limit"));
    }
}

TEST_F(HostFields, RealtimeIsGivenOrRefusedWithDockersText) {
    if (has_v1("cpu/cpu.rt_runtime_us")) {
        EXPECT_EQ(output({{"CpuRealtimePeriod", 1000000}, {"CpuRealtimeRuntime", 2000}},
                         "cat /sys/fs/cgroup/cpu/cpu.rt_runtime_us; cat /sys/fs/cgroup/cpu/cpu.rt_period_us"),
                  "2000\n1000000");
        EXPECT_EQ(create({{"CpuRealtimePeriod", 1000}, {"CpuRealtimeRuntime", 2000}}).message,
                  "cpu real-time runtime cannot be higher than cpu real-time period");
    } else {
        EXPECT_EQ(create({{"CpuRealtimeRuntime", 2000}}).message,
                  "Your kernel does not support CPU real-time scheduler");
    }
}

TEST_F(HostFields, WhatBelongsToWindowsIsRefusedOrDiscardedAloud) {
    EXPECT_THAT(create({{"IOMaximumIOps", 5}}).message, HasSubstr("Invalid QoS settings"));
    EXPECT_THAT(create({{"IOMaximumBandwidth", 5}}).message, HasSubstr("Invalid QoS settings"));
    EXPECT_THAT(create({{"CpuPercent", 50}}).warnings, HasSubstr("Percent discarded"));
    EXPECT_THAT(create({{"CpuCount", 2}}).warnings, HasSubstr("Count discarded"));
    EXPECT_EQ(create({{"Isolation", "hyperv"}}).message, "invalid isolation 'hyperv' on linux");
}

TEST_F(HostFields, StorageOptionsAreRefusedWithDockersText) {
    EXPECT_THAT(create({{"StorageOpt", {{"size", "1G"}}}}).message, HasSubstr("overlay over xfs with 'pquota'"));
    EXPECT_EQ(create({{"StorageOpt", {{"frob", "1"}}}}).message, "Unknown option frob");
}

TEST_F(HostFields, SharingAGroupIsRefusedByName) {
    const Created refused = create({{"Cgroup", "container:x"}});
    EXPECT_EQ(refused.status, "501");
    EXPECT_THAT(refused.message, HasSubstr("HostConfig.Cgroup"));
}

TEST_F(HostFields, ADisabledNetworkIsNone) {
    EXPECT_EQ(output({}, "ls /sys/class/net; cat /sys/class/net/lo/operstate", {{"NetworkDisabled", true}}),
              "lo\nunknown");
    EXPECT_THAT(create({{"NetworkMode", "container:x"}}, "true", {{"NetworkDisabled", true}}).message,
                HasSubstr("conflicting options"));
}

TEST_F(HostFields, DevicesHaveTheAccessThatWasGiven) {
    // kmsg may be read and not written; the same node by its directory is there, too.
    EXPECT_EQ(
        output(
            {{"CapAdd", {"SYSLOG"}},
             {"Devices", {{{"PathOnHost", "/dev/kmsg"}, {"PathInContainer", "/dev/k"}, {"CgroupPermissions", "r"}}}}},
            "dd if=/dev/k of=/dev/null bs=8192 count=1 2>/dev/null && echo read; (echo x > /dev/k) 2>/dev/null || "
            "echo refused"),
        "read\nrefused");
    if (std::filesystem::is_directory("/dev/net")) {
        EXPECT_EQ(
            output({{"Devices",
                     {{{"PathOnHost", "/dev/net"}, {"PathInContainer", "/dev/net"}, {"CgroupPermissions", "rwm"}}}}},
                   "test -c /dev/net/tun && echo there"),
            "there");
    }
    EXPECT_THAT(create({{"Privileged", true},
                        {"Devices",
                         {{{"PathOnHost", "/dev/null"}, {"PathInContainer", "/dev/nil"}, {"CgroupPermissions", "r"}}}}})
                    .status,
                HasSubstr("201"));
    EXPECT_EQ(output({{"Privileged", true},
                      {"Devices",
                       {{{"PathOnHost", "/dev/null"}, {"PathInContainer", "/dev/nil"}, {"CgroupPermissions", "r"}}}}},
                     "test -c /dev/nil && echo there"),
              "there");
}

TEST_F(HostFields, GroupsLimitsAndTheOomKillerAreSeenFromInside) {
    EXPECT_THAT(output({{"GroupAdd", {"4242", "43"}}}, "id -G"), HasSubstr("43 4242"));
    EXPECT_EQ(output({{"Ulimits", {{{"Name", "core"}, {"Soft", 0}, {"Hard", 0}}}}}, "ulimit -c"), "0");
    if (has_v1("memory/memory.oom_control")) {
        EXPECT_THAT(
            output({{"OomKillDisable", true}, {"Memory", 16 << 20}}, "cat /sys/fs/cgroup/memory/memory.oom_control"),
            HasSubstr("oom_kill_disable 1"));
    }
    EXPECT_EQ(output({{"OomScoreAdj", 300}}, "cat /proc/self/oom_score_adj"), "300");
}

TEST_F(HostFields, NameSpacesOfTheHostAreTheHosts) {
    for (const auto& [key, name] : {std::pair{"UTSMode", "uts"}, {"IpcMode", "ipc"}, {"PidMode", "pid"}}) {
        const std::string host = std::filesystem::read_symlink(std::string("/proc/self/ns/") + name);
        EXPECT_EQ(output({{key, "host"}}, std::string("readlink /proc/self/ns/") + name), host);
        EXPECT_NE(output({}, std::string("readlink /proc/self/ns/") + name), host);
    }
    EXPECT_THAT(create({{"UTSMode", "host"}}, "true", {{"Hostname", "x"}}).message,
                HasSubstr("hostname and the UTS mode"));
    EXPECT_THAT(create({{"IpcMode", "host"}, {"Sysctls", {{"kernel.shmmax", "1"}}}}).message,
                HasSubstr("not allowed in the hosts ipc namespace"));
    EXPECT_THAT(create({{"NetworkMode", "host"}, {"Sysctls", {{"net.ipv4.ip_forward", "1"}}}}).message,
                HasSubstr("not allowed in host network namespace"));
    EXPECT_EQ(output({{"Sysctls", {{"net.ipv4.ip_forward", "0"}}}}, "cat /proc/sys/net/ipv4/ip_forward"), "0");
}

TEST_F(HostFields, SecurityOptionsHoldOrAreRefused) {
    const std::string masked = "grep -cE ' /proc/.+ ' /proc/mounts || true";
    EXPECT_EQ(output({{"SecurityOpt", {"systempaths=unconfined"}}}, masked), "0");
    EXPECT_NE(output({}, masked), "0");
    EXPECT_EQ(output({{"SecurityOpt", {"no-new-privileges=true"}}}, "grep NoNewPrivs /proc/self/status"),
              "NoNewPrivs:\t1");
    EXPECT_EQ(output({{"SecurityOpt", {"label=disable", "apparmor=unconfined"}}}, "echo fine"), "fine");
    EXPECT_THAT(create({{"SecurityOpt", {"frob=1"}}}).message, HasSubstr("invalid --security-opt 2"));
    if (!std::filesystem::exists("/sys/module/apparmor/parameters/enabled")) {
        EXPECT_THAT(create({{"SecurityOpt", {"apparmor=web"}}}).message, HasSubstr("AppArmor is not enabled"));
    }
    if (!std::filesystem::exists("/sys/fs/selinux/enforce")) {
        EXPECT_THAT(create({{"SecurityOpt", {"label=type:x_t"}}}).message, HasSubstr("SELinux is not enabled"));
    }
}

}  // namespace
}  // namespace slipway::testing
