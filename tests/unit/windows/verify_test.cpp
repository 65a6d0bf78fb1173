// The rows of start-flow's verification on Windows, with Docker's texts.
#include <documents/system_document.hpp>
#include <documents/verify.hpp>
#include <documents/vm_document.hpp>

#include <gtest/gtest.h>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

Result<json> verified(const json& host_config) {
    return verify({{"HostConfig", host_config}, {"Config", nullptr}, {"Update", false}}, 4);
}

void expect_refused(const json& host_config, const std::string& text, ErrorCode code = ErrorCode::kInvalidArgument) {
    const auto answer = verified(host_config);
    ASSERT_FALSE(answer) << host_config;
    EXPECT_EQ(answer.error().message(), text);
    EXPECT_EQ(answer.error().code(), code);
}

TEST(WindowsVerify, TheWeakerOfConflictingProcessorLimitsIsDropped) {
    const std::string tail = " on Windows Server Containers. CPU ";
    const auto all = verified({{"CpuCount", 2}, {"CpuShares", 500}, {"CpuPercent", 50}});
    ASSERT_TRUE(all);
    EXPECT_EQ((*all)["HostConfig"], (json{{"CpuCount", 2}, {"CpuShares", 0}, {"CpuPercent", 0}}));
    EXPECT_EQ((*all)["Warnings"],
              (json{"Conflicting options: CPU count takes priority over CPU shares" + tail + "shares discarded",
                    "Conflicting options: CPU count takes priority over CPU percent" + tail + "percent discarded"}));
    const auto two = verified({{"CpuShares", 500}, {"CpuPercent", 50}});
    ASSERT_TRUE(two);
    EXPECT_EQ((*two)["Warnings"],
              (json{"Conflicting options: CPU shares takes priority over CPU percent" + tail + "percent discarded"}));
    const auto again = verified((*all)["HostConfig"]);
    ASSERT_TRUE(again);
    EXPECT_EQ((*again)["HostConfig"], (*all)["HostConfig"]);
    EXPECT_TRUE((*again)["Warnings"].empty());
}

TEST(WindowsVerify, ProcessorLimitsHaveRanges) {
    expect_refused({{"CpuShares", -1}}, "range of CPUShares is from 1 to 10000");
    expect_refused({{"CpuShares", 10001}}, "range of CPUShares is from 1 to 10000");
    expect_refused({{"CpuPercent", -1}}, "range of CPUPercent is from 1 to 100");
    expect_refused({{"CpuPercent", 101}}, "range of CPUPercent is from 1 to 100");
    expect_refused({{"CpuCount", -1}}, "invalid CPUCount: CPUCount cannot be negative");
    expect_refused({{"NanoCpus", 1}, {"CpuPercent", 1}},
                   "conflicting options: Nano CPUs and CPU Percent cannot both be set");
    expect_refused({{"NanoCpus", 1}, {"CpuShares", 1}},
                   "conflicting options: Nano CPUs and CPU Shares cannot both be set");
    for (const int64_t nano : {int64_t{-1}, int64_t{4'000'000'001}}) {
        expect_refused({{"NanoCpus", nano}}, "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available");
    }
    EXPECT_TRUE(verified({{"CpuShares", 10000}}));
    EXPECT_TRUE(verified({{"CpuPercent", 100}}));
    EXPECT_TRUE(verified({{"NanoCpus", 4'000'000'000}}));
}

TEST(WindowsVerify, SettingsWindowsDoesNotHaveAreNamed) {
    const std::pair<const char*, json> rows[] = {{"BlkioDeviceReadBps", json::array({json::object()})},
                                                 {"BlkioDeviceReadIOps", json::array({json::object()})},
                                                 {"BlkioDeviceWriteBps", json::array({json::object()})},
                                                 {"BlkioDeviceWriteIOps", json::array({json::object()})},
                                                 {"BlkioWeight", 10},
                                                 {"BlkioWeightDevice", json::array({json::object()})},
                                                 {"CgroupParent", "/x"},
                                                 {"CpuPeriod", 1},
                                                 {"CpusetCpus", "0"},
                                                 {"CpusetMems", "0"},
                                                 {"KernelMemory", 1},
                                                 {"MemoryReservation", 1},
                                                 {"MemorySwap", 1},
                                                 {"MemorySwappiness", 60},
                                                 {"OomKillDisable", true},
                                                 {"PidsLimit", 10},
                                                 {"Ulimits", json::array({json::object()})}};
    for (const auto& [key, value] : rows) {
        const std::string name = std::string(key) == "CpuPeriod" ? "CPUPeriod" : key;
        expect_refused({{key, value}}, "invalid option: Windows does not support " + name);
    }
    expect_refused({{"Privileged", true}}, "Windows does not support privileged mode");
    expect_refused({{"ReadonlyRootfs", true}}, "Windows does not support root filesystem in read-only mode");
    expect_refused({{"CpuRealtimePeriod", 1}}, "Windows does not support CPU real-time period");
    expect_refused({{"NetworkMode", "host"}}, "invalid network mode: host");
}

TEST(WindowsVerify, WhatLinuxClientsSendForNothingIsNothing) {
    const auto answer = verified({{"MemorySwappiness", -1}, {"PidsLimit", -1}, {"OomKillDisable", false}});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_TRUE((*answer)["HostConfig"]["MemorySwappiness"].is_null());
}

TEST(WindowsVerify, IsolationsAreProcessAndHyperV) {
    expect_refused({{"Isolation", "chroot"}}, "invalid isolation 'chroot' on windows");
    EXPECT_TRUE(verified({{"Isolation", "Process"}}));
    EXPECT_TRUE(verified({{"Isolation", "default"}}));
    const auto machine = verified({{"Isolation", "HyperV"}});
    ASSERT_TRUE(machine);
    EXPECT_EQ((*machine)["HostConfig"]["Isolation"], "hyperv") << "as the engine compares it";
}

TEST(WindowsVerify, WhatAMachineKeepsItsContainerFromIsRefused) {
    const json device = {{"PathOnHost", "class/5B45201D-F2F2-4F3B-85BB-30FF1F953599"}};
    expect_refused({{"Isolation", "hyperv"}, {"Devices", json::array({device})}},
                   "device assignment is not supported for HyperV containers");
    expect_refused({{"Isolation", "hyperv"}, {"NetworkMode", "container:web"}},
                   "invalid network-mode: using the network stack of another container is not supported while using "
                   "Hyper-V Containers");
}

TEST(WindowsVerify, ProcessorsOfAMachineHaveNumberLimitAndWeightAtOnce) {
    const json limits = {{"Isolation", "hyperv"}, {"CpuCount", 2}, {"CpuShares", 500}, {"CpuPercent", 50}};

    const auto answer = verified(limits);

    ASSERT_TRUE(answer);
    EXPECT_EQ((*answer)["HostConfig"], limits);
    EXPECT_TRUE((*answer)["Warnings"].empty());
    expect_refused({{"Isolation", "hyperv"}, {"CpuShares", 10001}}, "range of CPUShares is from 1 to 10000");
}

TEST(WindowsVerify, CountsBeyondTheHostAreLimitedWithAWarning) {
    const auto answer = verified({{"CpuCount", 9}});
    ASSERT_TRUE(answer);
    EXPECT_EQ((*answer)["HostConfig"]["CpuCount"], 4);
    EXPECT_EQ((*answer)["Warnings"].size(), 1U);
}

TEST(WindowsUpdate, OnlyWhatASystemCanChangeIsAsked) {
    const auto both = update_requests({{"Memory", 64 << 20}, {"CpuShares", 7}}, {"Memory", "CpuShares"}, 4);
    ASSERT_TRUE(both);
    EXPECT_EQ(
        *both,
        (std::vector<json>{
            {{"ResourcePath", "Container/Memory/SizeInMB"}, {"RequestType", "Update"}, {"Settings", 64}},
            {{"ResourcePath", "Container/Processor"}, {"RequestType", "Update"}, {"Settings", {{"Weight", 7}}}}}));
    const auto refused = update_requests(json::object(), {"PidsLimit"}, 4);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kUnimplemented);
}

TEST(WindowsUpdate, AMachineGetsMemoryAndLimitsOfTheProcessorsItHas) {
    const json document = {{"VirtualMachine", {{"ComputeTopology", {{"Processor", {{"Count", 2}}}}}}}};
    const auto both = vm_update_requests({{"Memory", 64 << 20}, {"NanoCpus", 1'000'000'000}, {"CpuShares", 7}},
                                         {"Memory", "NanoCpus"}, document);
    ASSERT_TRUE(both);
    EXPECT_EQ(*both, (std::vector<json>{{{"ResourcePath", "VirtualMachine/ComputeTopology/Memory/SizeInMB"},
                                         {"RequestType", "Update"},
                                         {"Settings", 64}},
                                        {{"ResourcePath", "VirtualMachine/ComputeTopology/Processor/Limits"},
                                         {"RequestType", "Update"},
                                         {"Settings", {{"Limit", 50'000}, {"Weight", 7}}}}}));
    const auto lifted = vm_update_requests(json::object(), {"CpuPercent"}, document);
    ASSERT_TRUE(lifted);
    EXPECT_EQ((*lifted)[0]["Settings"], (json{{"Limit", 100'000}}));
    for (const auto& [config, key] :
         {std::pair<json, const char*>{{{"CpuCount", 1}}, "CpuCount"}, {{{"NanoCpus", 3'000'000'000}}, "NanoCpus"}}) {
        const auto refused = vm_update_requests(config, {key}, document);
        ASSERT_FALSE(refused) << key;
        EXPECT_EQ(refused.error().code(), ErrorCode::kUnimplemented);
    }
}

}  // namespace
}  // namespace slipway::windows_backend
