// Updates of limits and restart policies: what joins what, what a running container gets, and undoing.
#include "support/engine_fixture.hpp"

#include <model/update.hpp>
#include <slipway/core/schema.hpp>

#include <gmock/gmock.h>

namespace slipway::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kMega = 1 << 20;

json host(const json& input) {
    auto whole = normalise(host_config_schema(), input, "HostConfig");
    EXPECT_TRUE(whole);
    return *whole;
}
Result<MergedUpdate> merge(const json& have, const json& request) {
    auto update = read_update(request);
    if (!update) return std::move(update).error();
    return merge_update(host(have), *update, request);
}

TEST(MergeUpdate, WhatIsZeroOrAbsentStays) {
    const auto merged = merge({{"Memory", 64 * kMega}, {"CpuShares", 512}, {"CpusetCpus", "0"}},
                              {{"Memory", 32 * kMega}, {"CpuShares", 0}, {"Binds", {"/a:/b"}}});
    ASSERT_TRUE(merged) << merged.error().message();
    EXPECT_EQ(merged->host_config["Memory"], 32 * kMega);
    EXPECT_EQ(merged->host_config["CpuShares"], 512);
    EXPECT_EQ(merged->host_config["CpusetCpus"], "0");
    EXPECT_EQ(merged->host_config["Binds"], json::array()) << "no part of an update";
    EXPECT_THAT(merged->changed, ElementsAre("Memory"));
}

TEST(MergeUpdate, OnlyWhatDiffersIsChanged) {
    const auto merged = merge({{"CpuShares", 512}}, {{"CpuShares", 512}, {"PidsLimit", 20}});
    ASSERT_TRUE(merged);
    EXPECT_THAT(merged->changed, ElementsAre("PidsLimit"));
    EXPECT_THAT(merge({{"PidsLimit", 20}}, {{"PidsLimit", 0}})->changed, ElementsAre("PidsLimit"));
    EXPECT_THAT(merge({}, {{"RestartPolicy", {{"Name", "always"}}}})->changed, IsEmpty());
}

TEST(MergeUpdate, TheRestartPolicyChangesOnlyWhenNamed) {
    const json have = {{"RestartPolicy", {{"Name", "always"}}}};
    EXPECT_EQ(merge(have, {{"CpuShares", 5}})->host_config["RestartPolicy"]["Name"], "always");
    EXPECT_EQ(merge(have, {{"RestartPolicy", {{"Name", ""}}}})->host_config["RestartPolicy"]["Name"], "always");
    EXPECT_EQ(merge(have, {{"RestartPolicy", {{"Name", "no"}}}})->host_config["RestartPolicy"]["Name"], "no");
}

struct Clash {
    json have, request;
    const char* text;
};

TEST(MergeUpdate, ClashesHaveDockersTexts) {
    const std::vector<Clash> clashes = {
        {{{"CpuPeriod", 1000}},
         {{"NanoCpus", 1000000000}},
         "Nano CPUs cannot be updated as CPU Period has already been set"},
        {{{"CpuQuota", 1000}},
         {{"NanoCpus", 1000000000}},
         "Nano CPUs cannot be updated as CPU Quota has already been set"},
        {{{"NanoCpus", 1000000000}},
         {{"CpuPeriod", 1000}},
         "CPU Period cannot be updated as NanoCPUs has already been set"},
        {{{"NanoCpus", 1000000000}},
         {{"CpuQuota", 1000}},
         "CPU Quota cannot be updated as NanoCPUs has already been set"},
        {{{"Memory", 32 * kMega}, {"MemorySwap", 64 * kMega}},
         {{"Memory", 128 * kMega}},
         "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"},
        {{{"AutoRemove", true}},
         {{"RestartPolicy", {{"Name", "always"}}}},
         "Restart policy cannot be updated because AutoRemove is enabled for the container"},
    };
    for (const Clash& clash : clashes) {
        const auto merged = merge(clash.have, clash.request);
        ASSERT_FALSE(merged) << clash.request;
        EXPECT_EQ(merged.error().code(), ErrorCode::kConflict);
        EXPECT_EQ(merged.error().message(), std::string("Conflicting options: ") + clash.text);
    }
}

class Update : public EngineFixture {};

TEST_F(Update, ARunningContainerGetsWhatChanged) {
    const std::string id = create_started({"sleep"}, {{"Memory", 64 * kMega}});
    auto warnings = engine->update_container(id, {{"Memory", 32 * kMega}, {"MemorySwap", -1}, {"CpuShares", 100}});
    ASSERT_TRUE(warnings) << warnings.error().message();
    const json sent = sim->container(id).updated;
    EXPECT_EQ(sent["Changed"], json({"CpuShares", "Memory", "MemorySwap"}));
    EXPECT_EQ(sent["HostConfig"]["Memory"], 32 * kMega);
    EXPECT_EQ(record(id)->host_config["CpuShares"], 100);
    EXPECT_EQ(events_of(id).back(), "update");
    reopen();
    EXPECT_EQ(record(id)->host_config["Memory"], 32 * kMega);
}

TEST_F(Update, AStoppedContainerOnlyRemembersIt) {
    const std::string id = create({"sleep"});
    ASSERT_TRUE(engine->update_container(id, {{"CpuShares", 100}}));
    EXPECT_EQ(sim->count_calls("update"), 0);
    EXPECT_EQ(record(id)->host_config["CpuShares"], 100);
}

TEST_F(Update, WhatIsNotAcceptableChangesNothing) {
    const std::string id = create_started({"sleep"});
    const json before = record(id)->host_config;
    auto refused = engine->update_container(id, {{"Memory", 1000}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refused.error().message(), "Minimum memory limit allowed is 6MB");
    refused = engine->update_container(id, {{"CpuShares", "many"}});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("UpdateConfig.CpuShares: expected an integer"));
    EXPECT_FALSE(engine->update_container("nobody", {{"CpuShares", 5}}));
    EXPECT_EQ(record(id)->host_config, before);
}

TEST_F(Update, ARefusalOfThePlatformChangesNothing) {
    const std::string id = create_started({"sleep"});
    const json before = record(id)->host_config;
    sim->fail_next("update",
                   Error(ErrorCode::kSystem, "write '4096' to 'memory.limit_in_bytes': Device or resource busy"));
    auto refused = engine->update_container(id, {{"CpuShares", 5}});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("Cannot update container " + id + ": write '4096'"));
    EXPECT_EQ(record(id)->host_config, before);
}

}  // namespace
}  // namespace slipway::test
