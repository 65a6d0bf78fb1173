#include <spec/verify.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kMega = 1 << 20;

CgroupSupport everything() {
    CgroupSupport support;
    support.memory = support.swap = support.memory_reservation = support.kernel_memory = support.swappiness = true;
    support.oom_kill_disable = support.cpu_shares = support.cpu_cfs = support.cpuset = support.pids = true;
    support.blkio_weight = support.blkio_weight_device = support.blkio_throttle = support.devices = true;
    support.cpu_count = 4;
    support.cpus = "0-3";
    support.mems = "0";
    return support;
}

KernelFacts kernel() {
    KernelFacts facts;
    facts.capabilities = ~(uint64_t{1} << 24);  // all but SYS_RESOURCE
    return facts;
}

Result<json> run(const json& config, const CgroupSupport& support = everything(), const KernelFacts& facts = kernel(),
                 bool update = false) {
    return verify({{"HostConfig", config}, {"Config", nullptr}, {"Update", update}}, support, facts);
}

struct Refusal {
    json config;
    std::string text;
};

TEST(Verify, RefusesWithDockersText) {
    const std::vector<Refusal> cases = {
        {{{"Memory", 1 * kMega}}, "Minimum memory limit allowed is 6MB"},
        {{{"Memory", -1}}, "Minimum memory limit allowed is 6MB"},
        {{{"Memory", 6 * kMega - 1}}, "Minimum memory limit allowed is 6MB"},
        {{{"Memory", 64 * kMega}, {"MemorySwap", 32 * kMega}},
         "Minimum memoryswap limit should be larger than memory limit, see usage"},
        {{{"MemorySwap", 32 * kMega}}, "You should always set the Memory limit when using Memoryswap limit, see usage"},
        {{{"MemorySwappiness", 101}}, "Invalid value: 101, valid memory swappiness range is 0-100"},
        {{{"MemorySwappiness", -2}}, "Invalid value: -2, valid memory swappiness range is 0-100"},
        {{{"MemoryReservation", 1}}, "Minimum memory reservation allowed is 6MB"},
        {{{"Memory", 8 * kMega}, {"MemoryReservation", 16 * kMega}},
         "Minimum memory limit can not be less than memory reservation limit, see usage"},
        {{{"KernelMemory", 1}}, "Minimum kernel memory limit allowed is 6MB"},
        {{{"NanoCpus", 1000000000}, {"CpuPeriod", 1000}},
         "Conflicting options: Nano CPUs and CPU Period cannot both be set"},
        {{{"NanoCpus", 1000000000}, {"CpuQuota", 1000}},
         "Conflicting options: Nano CPUs and CPU Quota cannot both be set"},
        {{{"NanoCpus", 4000000001}}, "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"},
        {{{"NanoCpus", -1}}, "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"},
        {{{"NanoCpus", 1}}, "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"},
        {{{"CpuPeriod", 999}}, "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"},
        {{{"CpuPeriod", 1000001}},
         "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"},
        {{{"CpuQuota", 999}}, "CPU cfs quota can not be less than 1ms (i.e. 1000)"},
        {{{"CpusetCpus", "0-"}}, "Invalid value 0- for cpuset cpus: invalid format: 0-"},
        {{{"CpusetCpus", "3-1"}}, "Invalid value 3-1 for cpuset cpus: invalid format: 3-1"},
        {{{"CpusetCpus", "1,"}}, "Invalid value 1, for cpuset cpus: invalid format: 1,"},
        {{{"CpusetCpus", "0-4000000000"}},
         "Invalid value 0-4000000000 for cpuset cpus: value of out range, maximum is 8191"},
        {{{"CpusetMems", "x"}}, "Invalid value x for cpuset mems: invalid format: x"},
        {{{"CpusetCpus", "2-4"}}, "Requested CPUs are not available - requested 2-4, available: 0-3"},
        {{{"CpusetMems", "1"}}, "Requested memory nodes are not available - requested 1, available: 0"},
        {{{"BlkioWeight", 9}}, "Range of blkio weight is from 10 to 1000"},
        {{{"BlkioWeight", 1001}}, "Range of blkio weight is from 10 to 1000"},
        {{{"IOMaximumIOps", 1}},
         "Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps"},
        {{{"ShmSize", -1}}, "SHM size can not be less than 0"},
        {{{"OomScoreAdj", 1001}}, "Invalid value 1001, range for oom score adj is [-1000, 1000]"},
        {{{"OomScoreAdj", -1001}}, "Invalid value -1001, range for oom score adj is [-1000, 1000]"},
        {{{"CapAdd", {"FROB"}}}, "invalid CapAdd: unknown capability: \"CAP_FROB\""},
        {{{"CapDrop", {"FROB"}}}, "invalid CapDrop: unknown capability: \"CAP_FROB\""},
        {{{"CapAdd", {"FROB"}}}, "invalid CapAdd: unknown capability: \"CAP_FROB\""},
        {{{"Isolation", "hyperv"}}, "invalid isolation 'hyperv' on linux"},
        {{{"IpcMode", "bogus"}}, "invalid IPC mode: bogus"},
        {{{"IpcMode", "container:"}}, "invalid IPC mode: container:"},
        {{{"PidMode", "bogus"}}, "invalid PID mode: bogus"},
        {{{"UTSMode", "container:"}}, "invalid UTS mode: container:"},
        {{{"CgroupnsMode", "shared"}}, "invalid cgroup namespace mode: shared"},
        {{{"CgroupnsMode", "container:"}}, "invalid cgroup namespace mode: container:"},
        {{{"UsernsMode", "remap"}}, "invalid USER mode: remap"},
        {{{"SecurityOpt", {"frob=1"}}}, "invalid --security-opt 2: \"frob=1\""},
        {{{"Sysctls", {{"kernel.core_pattern", "x"}}}},
         "sysctl \"kernel.core_pattern\" is not in a separate kernel namespace"},
        {{{"Ulimits", json::array({{{"Name", "bogus"}, {"Soft", 1}, {"Hard", 1}}})}}, "invalid ulimit type: bogus"},
        {{{"Ulimits", json::array({{{"Name", "core"}, {"Soft", 2}, {"Hard", 1}}})}},
         "ulimit soft limit must be less than or equal to hard limit: 2 > 1"},
    };
    for (const Refusal& row : cases) {
        const auto answer = run(row.config);

        ASSERT_FALSE(answer) << row.config;
        EXPECT_EQ(answer.error().message(), row.text) << row.config;
        EXPECT_EQ(answer.error().code(), ErrorCode::kInvalidArgument) << row.config;
    }
}

// However many numbers a text repeats, the answer comes at once and does not repeat the text.
TEST(Verify, S103_CpuListsAreBoundedBeforeTheyAreRead) {
    std::string ranges, ones;
    while (ranges.size() < (size_t{1} << 20)) ranges += "0-8191,";
    while (ones.size() < (size_t{1} << 20)) ones += "1,";
    const auto begin = std::chrono::steady_clock::now();
    for (const char* key : {"CpusetCpus", "CpusetMems"}) {
        for (const std::string& text : {ranges + "0", ones + "1"}) {
            const auto answer = run({{key, text}});

            ASSERT_FALSE(answer) << key;
            EXPECT_EQ(answer.error().code(), ErrorCode::kInvalidArgument);
            EXPECT_EQ(answer.error().message(), std::string("Invalid value for cpuset ") +
                                                    (key == std::string("CpusetCpus") ? "cpus" : "mems") +
                                                    ": the list is longer than 49152 bytes");
        }
    }
    // The longest that is read, and the most work that it can ask for.
    EXPECT_FALSE(run({{"CpusetCpus", ranges.substr(0, 49146)}}));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

struct Discard {
    json config;
    const char* warning;
    const char* key;
    json left;
};

TEST(Verify, DiscardsWhatThisMachineCannotDoAndSaysSoOnce) {
    const json list = json::array({{{"Path", "/dev/sda"}, {"Rate", 1}}});
    const std::vector<Discard> cases = {
        {{{"Memory", 64 * kMega}},
         "Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.",
         "Memory",
         0},
        {{{"MemorySwappiness", 10}},
         "Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness "
         "discarded.",
         "MemorySwappiness",
         nullptr},
        {{{"MemoryReservation", 64 * kMega}},
         "Your kernel does not support memory soft limit capabilities or the cgroup is not mounted. Limitation "
         "discarded.",
         "MemoryReservation",
         0},
        {{{"KernelMemory", 64 * kMega}},
         "Your kernel does not support kernel memory limit capabilities or the cgroup is not mounted. Limitation "
         "discarded.",
         "KernelMemory",
         0},
        {{{"OomKillDisable", true}},
         "Your kernel does not support OomKillDisable. OomKillDisable discarded.",
         "OomKillDisable",
         nullptr},
        {{{"PidsLimit", 5}},
         "Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.",
         "PidsLimit",
         nullptr},
        {{{"CpuShares", 5}},
         "Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.",
         "CpuShares",
         0},
        {{{"CpuQuota", 5000}},
         "Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.",
         "CpuQuota",
         0},
        {{{"CpuPercent", 5}}, "linux does not support CPU percent. Percent discarded.", "CpuPercent", 0},
        {{{"CpusetCpus", "0"}},
         "Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.",
         "CpusetCpus",
         ""},
        {{{"BlkioWeight", 100}},
         "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.",
         "BlkioWeight",
         0},
        {{{"BlkioWeightDevice", list}},
         "Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.",
         "BlkioWeightDevice",
         json::array()},
        {{{"BlkioDeviceReadBps", list}},
         "Your kernel does not support BPS Block I/O read limit or the cgroup is not mounted. Block I/O BPS read limit "
         "discarded.",
         "BlkioDeviceReadBps",
         json::array()},
        {{{"BlkioDeviceWriteIOps", list}},
         "Your kernel does not support IOPS Block write limit or the cgroup is not mounted. Block I/O IOPS write limit "
         "discarded.",
         "BlkioDeviceWriteIOps",
         json::array()},
    };
    for (const Discard& row : cases) {
        const auto first = run(row.config, CgroupSupport{});
        ASSERT_TRUE(first) << row.config << first.error().message();
        const auto second = run((*first)["HostConfig"], CgroupSupport{});

        EXPECT_THAT((*first)["Warnings"], ElementsAre(row.warning));
        EXPECT_EQ((*first)["HostConfig"][row.key], row.left) << row.config;
        ASSERT_TRUE(second);
        EXPECT_THAT((*second)["Warnings"], IsEmpty()) << row.config;
        EXPECT_EQ((*second)["HostConfig"], (*first)["HostConfig"]);
    }
}

TEST(Verify, MemoryWithoutSwapAccountingLeavesSwapAlone) {
    CgroupSupport support = everything();
    support.swap = false;

    const auto answer = run({{"Memory", 64 * kMega}}, support);

    ASSERT_TRUE(answer);
    EXPECT_EQ((*answer)["HostConfig"]["MemorySwap"], -1);
    EXPECT_THAT((*answer)["Warnings"],
                ElementsAre("Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory "
                            "limited without swap."));
}

TEST(Verify, NanoCpusNeedTheScheduler) {
    CgroupSupport support = everything();
    support.cpu_cfs = false;

    EXPECT_EQ(
        run({{"NanoCpus", 1000000000}}, support).error().message(),
        "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted");
}

TEST(Verify, CompletesWhatWasLeftOpenAndOnlyOnce) {
    const auto first = run({{"Memory", 64 * kMega}, {"MemorySwap", 0}, {"MemorySwappiness", -1}, {"ShmSize", 0}});
    ASSERT_TRUE(first);
    const auto second = run((*first)["HostConfig"]);

    EXPECT_EQ((*first)["HostConfig"], (json{{"Memory", 64 * kMega},
                                            {"MemorySwap", 128 * kMega},
                                            {"MemorySwappiness", nullptr},
                                            {"ShmSize", 67108864},
                                            {"OomKillDisable", false},
                                            {"IpcMode", "private"},
                                            {"CgroupnsMode", "private"}}));
    ASSERT_TRUE(second);
    EXPECT_EQ((*second)["HostConfig"], (*first)["HostConfig"]);
}

TEST(Verify, HostModesDisableTheLabelOnce) {
    for (const char* key : {"IpcMode", "PidMode"}) {
        const auto first = run({{key, "host"}, {"SecurityOpt", {"no-new-privileges"}}});
        ASSERT_TRUE(first);
        EXPECT_EQ((*first)["HostConfig"]["SecurityOpt"], json({"no-new-privileges", "label=disable"})) << key;
        EXPECT_EQ((*run((*first)["HostConfig"]))["HostConfig"], (*first)["HostConfig"]) << key;
    }
    KernelFacts selinux = kernel();
    selinux.selinux = true;
    EXPECT_EQ((*run({{"PidMode", "host"}, {"SecurityOpt", {"label=type:x"}}}, everything(),
                    selinux))["HostConfig"]["SecurityOpt"],
              json({"label=type:x"}));
    EXPECT_EQ((*run({{"Privileged", true}}))["HostConfig"]["SecurityOpt"], json({"label=disable"}));
}

TEST(Verify, NamesWhatTheEngineLacks) {
    for (const json& config :
         {json{{"Privileged", true}}, json{{"CapAdd", {"ALL"}}}, json{{"CapAdd", {"SYS_RESOURCE", "NET_ADMIN"}}}}) {
        EXPECT_THAT((*run(config))["Warnings"],
                    ElementsAre("The engine itself lacks CAP_SYS_RESOURCE. The container runs without."))
            << config;
        EXPECT_THAT((*run(config, everything(), kernel(), true))["Warnings"], IsEmpty()) << "an update says nothing";
    }
    EXPECT_THAT((*run({{"CapAdd", {"ALL"}}, {"CapDrop", {"SYS_RESOURCE"}}}))["Warnings"], IsEmpty());
    KernelFacts whole;
    whole.capabilities = ~uint64_t{0};
    EXPECT_THAT((*run({{"Privileged", true}}, everything(), whole))["Warnings"], IsEmpty());
}

TEST(Verify, PrivilegedKeepsTheHostsGroupNameSpaceOnV1Only) {
    CgroupSupport v2 = everything();
    v2.version = CgroupSupport::Version::kV2;

    EXPECT_EQ((*run({{"Privileged", true}}))["HostConfig"]["CgroupnsMode"], "host");
    EXPECT_EQ((*run({{"Privileged", true}}, v2))["HostConfig"]["CgroupnsMode"], "private");
    EXPECT_EQ((*run({{"Privileged", true}, {"CgroupnsMode", "private"}}))["HostConfig"]["CgroupnsMode"], "private");
}

TEST(Verify, SecurityModulesThatAreAskedForMustBeThere) {
    KernelFacts both = kernel();
    both.apparmor = both.selinux = true;
    for (const char* option : {"apparmor=web", "label=level:s0:c1", "label:user:u"}) {
        const json config = {{"SecurityOpt", {option}}};
        EXPECT_EQ(run(config).error().code(), ErrorCode::kInvalidArgument) << option;
        EXPECT_TRUE(run(config, everything(), both)) << option;
    }
    EXPECT_THAT(run({{"SecurityOpt", {"apparmor=web"}}}).error().message(), HasSubstr("AppArmor is not enabled"));
    EXPECT_THAT(run({{"SecurityOpt", {"label=type:x"}}}).error().message(), HasSubstr("SELinux is not enabled"));
    EXPECT_TRUE(run({{"SecurityOpt", {"label=disable", "apparmor=unconfined", "disable"}}}));
    EXPECT_FALSE(run({{"SecurityOpt", {"label=frob:x"}}}, everything(), both));
}

TEST(Verify, WhatThisKernelCannotDoIsDiscardedOrRefused) {
    CgroupSupport more = everything();
    more.kernel_memory_tcp = more.cpu_realtime = true;

    EXPECT_EQ((*run({{"KernelMemoryTCP", kMega}}))["HostConfig"]["KernelMemoryTCP"], 0);
    EXPECT_EQ((*run({{"KernelMemoryTCP", kMega}}, more))["HostConfig"]["KernelMemoryTCP"], kMega);
    EXPECT_EQ(run({{"CpuRealtimeRuntime", 5}}).error().message(),
              "Your kernel does not support CPU real-time scheduler");
    EXPECT_TRUE(run({{"CpuRealtimeRuntime", 5}, {"CpuRealtimePeriod", 10}}, more));
    EXPECT_EQ(run({{"CpuRealtimeRuntime", 11}, {"CpuRealtimePeriod", 10}}, more).error().message(),
              "cpu real-time runtime cannot be higher than cpu real-time period");
    EXPECT_EQ((*run({{"CpuCount", 2}}))["HostConfig"]["CpuCount"], 0);
}

TEST(Verify, PublishedPortsMeanNothingInHostMode) {
    const json ports = {{"80/tcp", {{{"HostPort", "80"}}}}};
    EXPECT_THAT((*run({{"NetworkMode", "host"}, {"PortBindings", ports}}))["Warnings"],
                ElementsAre("Published ports are discarded when using host network mode"));
    EXPECT_THAT((*run({{"NetworkMode", "bridge"}, {"PortBindings", ports}}))["Warnings"], IsEmpty());
}

TEST(Verify, UpdateMayRaiseSwapAlone) {
    EXPECT_TRUE(run({{"MemorySwap", 32 * kMega}}, everything(), kernel(), true));
}

TEST(Verify, WarnsOfAnOomKillerThatIsOffWithoutALimit) {
    const auto answer = run({{"OomKillDisable", true}});

    ASSERT_TRUE(answer);
    EXPECT_EQ((*answer)["HostConfig"]["OomKillDisable"], true);
    EXPECT_THAT((*answer)["Warnings"],
                ElementsAre("OOM killer is disabled for the container, but no memory limit is set, this can result in "
                            "the system running out of resources."));
}

TEST(Verify, ForwardingMattersToBridgedContainersOnly) {
    KernelFacts facts = kernel();
    facts.ipv4_forwarding = false;

    EXPECT_THAT((*run({{"NetworkMode", "bridge"}}, everything(), facts))["Warnings"],
                ElementsAre("IPv4 forwarding is disabled. Networking will not work."));
    for (const char* mode : {"host", "none"}) {
        EXPECT_THAT((*run({{"NetworkMode", mode}}, everything(), facts))["Warnings"], IsEmpty()) << mode;
    }
}

TEST(Verify, CgroupNameSpacesMayBeMissing) {
    KernelFacts facts = kernel();
    facts.cgroup_namespaces = false;

    const auto answer = run({{"CgroupnsMode", "private"}}, everything(), facts);

    ASSERT_TRUE(answer);
    EXPECT_THAT((*answer)["Warnings"],
                ElementsAre("Your kernel does not support cgroup namespaces.  Cgroup namespace setting discarded."));
    EXPECT_EQ((*answer)["HostConfig"]["CgroupnsMode"], "");
}

TEST(Verify, AcceptsOrdinaryConfigurationsWithoutAWord) {
    const auto answer = run({{"Memory", 6 * kMega},
                             {"MemorySwap", -1},
                             {"NanoCpus", 500000000},
                             {"CpusetCpus", "0,2-3"},
                             {"PidsLimit", 50},
                             {"CapAdd", {"NET_ADMIN"}},
                             {"Isolation", "Default"},
                             {"IpcMode", "container:abc"},
                             {"PidMode", "host"},
                             {"OomScoreAdj", -1000},
                             {"SecurityOpt", {"seccomp=unconfined", "label=disable", "apparmor=unconfined"}}});

    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_THAT((*answer)["Warnings"], IsEmpty());
}

TEST(Verify, SaysWhatItDoesNotOffer) {
    EXPECT_EQ(run({{"StorageOpt", {{"size", "1G"}}}}).error().message(),
              "--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
    EXPECT_EQ(run({{"StorageOpt", {{"frob", "1G"}}}}).error().message(), "Unknown option frob");
    EXPECT_TRUE(run({{"CgroupParent", "/x"}}));
    EXPECT_EQ(run({{"CgroupParent", "/x/.."}}).error().code(), ErrorCode::kInvalidArgument);
}

TEST(Verify, NumbersBeyondInt64AreOutOfRangeNotWrapped) {
    EXPECT_EQ(run({{"OomScoreAdj", UINT64_MAX}}).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_TRUE(run({{"Memory", INT64_MAX}})) << "doubling it must not overflow";
}

}  // namespace
}  // namespace slipway::linux_backend
