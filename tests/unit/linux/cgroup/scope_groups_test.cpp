// CgroupManager with scopes: a fake service manager makes directories of the fake tree.
#include "fake_tree.hpp"

#include <cgroup/cgroup_manager.hpp>
#include <cgroup/scope_units.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using test::FakeTree;
using testing::ElementsAre;
using testing::IsEmpty;

// What systemd knows; the manager's ScopeUnits writes here.
struct FakeSystemd {
    std::string root;
    std::map<std::string, std::string> units, descriptions;  // by name: slice; description
    int holders = 0;
    bool reachable = true;
    bool in_the_way = false;  // a file where the container's group belongs
};

class FakeUnits : public ScopeUnits {
public:
    explicit FakeUnits(FakeSystemd& systemd) : systemd_(systemd) {}

    Result<std::shared_ptr<void>> start(const std::string& unit, const std::string& slice,
                                        const std::string& description) override {
        if (!systemd_.reachable) return Error(ErrorCode::kUnavailable, "no systemd");
        if (systemd_.units.contains(unit)) return Error(ErrorCode::kConflict, "exists");
        systemd_.units[unit] = slice;
        systemd_.descriptions[unit] = description;
        const std::string scope = systemd_.root + "/a.slice/" + slice + "/" + unit;
        std::filesystem::create_directories(scope);
        if (systemd_.in_the_way) std::ofstream(scope + "/container") << "x";
        ++systemd_.holders;
        return std::shared_ptr<void>(this, [this](void*) { --systemd_.holders; });
    }
    Status stop(const std::string& unit) override {
        if (!systemd_.reachable) return Error(ErrorCode::kUnavailable, "no systemd");
        systemd_.units.erase(unit);
        return ok();
    }
    Result<std::vector<ScopeUnit>> list(const std::string& ending) override {
        if (!systemd_.reachable) return Error(ErrorCode::kUnavailable, "no systemd");
        std::vector<ScopeUnit> found;
        for (const auto& [unit, slice] : systemd_.units) {
            if (systemd_.descriptions[unit].ends_with(ending))
                found.push_back({unit, "/a.slice/" + slice + "/" + unit});
        }
        return found;
    }

private:
    FakeSystemd& systemd_;
};

class ScopeGroups : public testing::Test {
protected:
    CgroupManager manager(const std::string& instance = "0123abcd") {
        systemd.root = tree.root;
        return {"a-b.slice", instance, std::make_unique<FakeUnits>(systemd), tree.v2()};
    }

    FakeTree tree;
    FakeSystemd systemd;
    const std::string scope = "a.slice/a-b.slice/slipway-c1.scope", group = scope + "/container";
};

TEST_F(ScopeGroups, LimitsAreWrittenInsideTheScopeAndItsHolderLeaves) {
    CgroupManager cgroups = manager();
    const json resources = {{"memory", {{"limit", 8388608}}}, {"pids", {{"limit", 1}}}};

    auto entry = cgroups.create("c1", resources, *cgroups.group_path("c1", ""));

    ASSERT_TRUE(entry) << entry.error().message();
    EXPECT_EQ(systemd.units["slipway-c1.scope"], "a-b.slice");
    EXPECT_EQ(entry->v2_path, "/" + group);
    EXPECT_EQ(cgroups.path_of("c1"), "/" + group);
    EXPECT_EQ(tree.text(group + "/memory.max"), "8388608");
    EXPECT_EQ(tree.text(group + "/pids.max"), "1");
    EXPECT_FALSE(tree.exists(scope + "/memory.max")) << "that one is systemd's";
    EXPECT_NE(tree.text(scope + "/cgroup.subtree_control"), "") << "statistics need all controllers";
    EXPECT_EQ(systemd.holders, 1);
    EXPECT_TRUE(tree.exists(scope + "/start")) << "the holder is not the container's";
    EXPECT_TRUE(cgroups.settle("c1", *entry));
    EXPECT_EQ(systemd.holders, 0);
    EXPECT_FALSE(tree.exists(scope + "/start"));
}

TEST_F(ScopeGroups, APlaceIsTheSliceThatAContainerAsksFor) {
    const CgroupManager cgroups = manager();

    EXPECT_EQ(*cgroups.group_path("c1", "x-y.slice"), "/x.slice/x-y.slice/slipway-c1.scope/container");
    EXPECT_EQ(*cgroups.group_path("c1", "-.slice"), "/slipway-c1.scope/container");
    EXPECT_EQ(cgroups.group_path("c1", "/x").error().code(), ErrorCode::kInvalidArgument);
    EXPECT_TRUE(cgroups.support().systemd_units);
}

TEST_F(ScopeGroups, OtherPathsAreRefusedBeforeAnythingIsMade) {
    CgroupManager cgroups = manager();

    for (const char* path : {"", "/a.slice/c1", "/a.slice/slipway-c1.scope", "/a.slice/slipway-c2.scope/container"}) {
        const auto entry = cgroups.create("c1", json::object(), path);
        ASSERT_FALSE(entry) << path;
        EXPECT_EQ(entry.error().code(), ErrorCode::kInvalidArgument) << path;
    }
    EXPECT_THAT(systemd.units, IsEmpty());
}

TEST_F(ScopeGroups, AGroupThatCannotBeMadeEndsTheScope) {
    CgroupManager cgroups = manager();
    systemd.in_the_way = true;

    const auto entry = cgroups.create("c1", json::object(), *cgroups.group_path("c1", ""));

    ASSERT_FALSE(entry);
    EXPECT_THAT(systemd.units, IsEmpty());
    EXPECT_EQ(systemd.holders, 0);
}

TEST_F(ScopeGroups, DestroyEndsTheUnitAndIsRepeatable) {
    CgroupManager cgroups = manager();
    ASSERT_TRUE(cgroups.create("c1", json::object(), *cgroups.group_path("c1", "")));

    EXPECT_TRUE(cgroups.destroy("c1"));

    EXPECT_THAT(systemd.units, IsEmpty());
    EXPECT_FALSE(tree.exists(group));
    EXPECT_TRUE(cgroups.destroy("c1"));
}

TEST_F(ScopeGroups, WhatAnotherDaemonOfTheInstanceLeftIsListedAndDestroyed) {
    CgroupManager earlier = manager(), other = manager("ffffffff");
    ASSERT_TRUE(earlier.create("c1", json::object(), *earlier.group_path("c1", "")));
    ASSERT_TRUE(other.create("c2", json::object(), *other.group_path("c2", "")));
    CgroupManager later = manager();

    const auto listed = later.list();

    ASSERT_TRUE(listed);
    EXPECT_THAT(*listed, ElementsAre("c1"));
    EXPECT_EQ(later.path_of("c1"), "/" + group);
    EXPECT_TRUE(later.destroy("c1"));
    EXPECT_FALSE(tree.exists(group));
    EXPECT_EQ(systemd.units.count("slipway-c2.scope"), 1U);
}

TEST_F(ScopeGroups, AScopeThatHasFailedIsReplaced) {
    CgroupManager cgroups = manager();
    systemd.units["slipway-c1.scope"] = "a-b.slice";  // without a group

    EXPECT_TRUE(cgroups.create("c1", json::object(), *cgroups.group_path("c1", "")));
}

TEST_F(ScopeGroups, WhoCannotReachTheServiceManagerSaysSo) {
    CgroupManager cgroups = manager();
    systemd.reachable = false;

    EXPECT_EQ(cgroups.create("c1", json::object(), *cgroups.group_path("c1", "")).error().code(),
              ErrorCode::kUnavailable);
    EXPECT_EQ(cgroups.list().error().code(), ErrorCode::kUnavailable);
    EXPECT_EQ(cgroups.destroy("c1").error().code(), ErrorCode::kUnavailable);
}

TEST_F(ScopeGroups, GroupsFromBeforeTheSwitchAreWhereTheyWere) {
    CgroupManager before("/slipway", "0123abcd", tree.v2());
    ASSERT_TRUE(before.create("c1", json::object()));
    CgroupManager cgroups = manager();

    EXPECT_THAT(*cgroups.list(), ElementsAre("c1"));
    EXPECT_EQ(cgroups.path_of("c1"), "/slipway/0123abcd/c1");
    EXPECT_TRUE(cgroups.destroy("c1"));
    EXPECT_FALSE(tree.exists("slipway/0123abcd/c1"));
}

}  // namespace
}  // namespace slipway::linux_backend
