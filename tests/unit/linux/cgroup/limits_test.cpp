#include <cgroup/limits.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> lines(const std::vector<CgroupWrite>& writes) {
    std::vector<std::string> out;
    for (const CgroupWrite& write : writes) out.push_back(write.controller + "/" + write.file + "=" + write.value);
    return out;
}

const json kResources = {
    {"memory", {{"limit", 67108864}, {"swap", 134217728}, {"reservation", 33554432}, {"swappiness", 10}}},
    {"cpu", {{"shares", 512}, {"quota", 50000}, {"period", 100000}, {"cpus", "0-1"}, {"mems", "0"}}},
    {"pids", {{"limit", 50}}},
    {"blockIO", {{"weight", 100}, {"throttleReadBpsDevice", {{{"major", 8}, {"minor", 0}, {"rate", 1048576}}}}}},
};

TEST(CgroupLimits, V1WritesTheMemoryLimitBeforeMemoryAndSwap) {
    const auto writes = v1_writes(kResources);

    ASSERT_TRUE(writes);
    EXPECT_THAT(
        lines(*writes),
        ElementsAre("cpuset/cpuset.cpus=0-1", "cpuset/cpuset.mems=0", "memory/memory.limit_in_bytes=67108864",
                    "memory/memory.memsw.limit_in_bytes=134217728", "memory/memory.soft_limit_in_bytes=33554432",
                    "memory/memory.swappiness=10", "cpu/cpu.shares=512", "cpu/cpu.cfs_period_us=100000",
                    "cpu/cpu.cfs_quota_us=50000", "blkio/blkio.weight=100",
                    "blkio/blkio.throttle.read_bps_device=8:0 1048576", "pids/pids.max=50"));
}

TEST(CgroupLimits, V1DeniesDevicesBeforeItAllowsSome) {
    const json resources = {{"devices",
                             {{{"allow", false}, {"access", "rwm"}},
                              {{"allow", true}, {"type", "c"}, {"major", 1}, {"minor", 3}, {"access", "rwm"}},
                              {{"allow", true}, {"type", "c"}, {"major", 136}, {"access", "rw"}},
                              {{"allow", true}, {"type", "b"}, {"access", "m"}}}}};

    const auto writes = v1_writes(resources);

    ASSERT_TRUE(writes);
    EXPECT_THAT(lines(*writes), ElementsAre("devices/devices.deny=a", "devices/devices.allow=c 1:3 rwm",
                                            "devices/devices.allow=c 136:* rw", "devices/devices.allow=b *:* m"));
}

TEST(CgroupLimits, V2ConvertsUnits) {
    EXPECT_THAT(lines(v2_writes(kResources)),
                ElementsAre("cpuset/cpuset.cpus=0-1", "cpuset/cpuset.mems=0", "memory/memory.max=67108864",
                            "memory/memory.swap.max=67108864", "memory/memory.low=33554432", "cpu/cpu.weight=20",
                            "cpu/cpu.max=50000 100000", "io/io.bfq.weight=100", "io/io.max=8:0 rbps=1048576",
                            "pids/pids.max=50"));
}

struct WeightCase {
    int64_t shares;
    const char* weight;
};

TEST(CgroupLimits, V2WeightCoversTheRangeOfShares) {
    for (const WeightCase& row : {WeightCase{2, "1"}, WeightCase{1, "1"}, WeightCase{1024, "39"},
                                  WeightCase{262144, "10000"}, WeightCase{1000000, "10000"}}) {
        const auto writes = v2_writes({{"cpu", {{"shares", row.shares}}}});

        ASSERT_EQ(writes.size(), 1U) << row.shares;
        EXPECT_EQ(writes[0].value, row.weight) << row.shares;
    }
}

TEST(CgroupLimits, UnlimitedIsSpelledTheWayEachVersionWants) {
    const json resources = {
        {"memory", {{"limit", 8388608}, {"swap", -1}}}, {"pids", {{"limit", -1}}}, {"cpu", {{"quota", -1}}}};

    EXPECT_THAT(lines(v2_writes(resources)), ElementsAre("memory/memory.max=8388608", "memory/memory.swap.max=max",
                                                         "cpu/cpu.max=max 100000", "pids/pids.max=max"));
    EXPECT_THAT(lines(*v1_writes(resources)),
                ElementsAre("memory/memory.limit_in_bytes=8388608", "memory/memory.memsw.limit_in_bytes=-1",
                            "cpu/cpu.cfs_quota_us=-1", "pids/pids.max=max"));
}

TEST(CgroupLimits, NothingAskedForIsNothingWritten) {
    EXPECT_THAT(v2_writes(json::object()), IsEmpty());
    EXPECT_THAT(*v1_writes(json(nullptr)), IsEmpty());
}

TEST(CgroupLimits, RefusesDeviceRulesThatAreNone) {
    for (const json& rule : {json{{"type", "x"}}, json{{"access", "rwx"}}, json{{"major", -5}}}) {
        const auto writes = v1_writes({{"devices", {rule}}});

        ASSERT_FALSE(writes) << rule;
        EXPECT_EQ(writes.error().code(), ErrorCode::kInvalidArgument);
    }
}

TEST(CgroupLimits, WeightsOfBlockIo) {
    const json resources = {
        {"memory", {{"kernel", 8388608}}},
        {"blockIO", {{"weight", 500}, {"weightDevice", {{{"major", 8}, {"minor", 0}, {"weight", 10}}}}}}};
    const auto v1 = v1_writes(resources);
    ASSERT_TRUE(v1);
    EXPECT_THAT(lines(*v1), ElementsAre("memory/memory.kmem.limit_in_bytes=8388608", "blkio/blkio.weight=500",
                                        "blkio/blkio.weight_device=8:0 10"));
    EXPECT_THAT(lines(v2_writes(resources)), ElementsAre("io/io.bfq.weight=500", "io/io.bfq.weight=8:0 10"));
    EXPECT_EQ(io_weight_of("10"), "1");
    EXPECT_EQ(io_weight_of("1000"), "10000");
    EXPECT_EQ(io_weight_of("8:0 505"), "8:0 5000");
}

}  // namespace
}  // namespace slipway::linux_backend
