#include "fake_tree.hpp"

#include <cgroup/cgroup_manager.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using test::FakeTree;
using testing::ElementsAre;
using testing::HasSubstr;

CgroupLayout v1_layout(const FakeTree& tree) {
    tree.put("memory/memory.limit_in_bytes", "1");
    tree.put("memory/memory.memsw.limit_in_bytes", "1");
    tree.put("cpuset/cpuset.cpus", "0-3");
    tree.put("cpuset/cpuset.mems", "0");
    tree.put("cpuset/cpuset.effective_cpus", "0-3\n");
    tree.put("pids/tasks", "");
    CgroupLayout layout;
    layout.plain_files = true;
    layout.hierarchies = {
        {tree.root + "/memory", {"memory"}}, {tree.root + "/cpuset", {"cpuset"}}, {tree.root + "/pids", {"pids"}}};
    return layout;
}

TEST(CgroupManager, V1MakesAGroupInEveryHierarchyAndFillsTheCpuset) {
    const FakeTree tree;
    CgroupManager manager("/slipway", "0123abcd", v1_layout(tree));

    const auto entry = manager.create("c1", {{"memory", {{"limit", 8388608}}}, {"pids", {{"limit", 9}}}});

    ASSERT_TRUE(entry) << entry.error().message();
    EXPECT_EQ(entry->task_files.size(), 3U);
    EXPECT_FALSE(entry->directory);
    EXPECT_EQ(tree.text("memory/slipway/0123abcd/c1/memory.limit_in_bytes"), "8388608");
    EXPECT_EQ(tree.text("pids/slipway/0123abcd/c1/pids.max"), "9");
    for (const char* group : {"cpuset/slipway", "cpuset/slipway/0123abcd", "cpuset/slipway/0123abcd/c1"}) {
        EXPECT_EQ(tree.text(std::string(group) + "/cpuset.cpus"), "0-3") << group;
        EXPECT_EQ(tree.text(std::string(group) + "/cpuset.mems"), "0") << group;
    }
    EXPECT_EQ(tree.text("cpuset/slipway/cgroup.clone_children"), "1");
    EXPECT_EQ(manager.path_of("c1"), "/slipway/0123abcd/c1");
    EXPECT_THAT(*manager.list(), ElementsAre("c1"));
}

TEST(CgroupManager, V1RefusesALimitNobodyCanKeep) {
    const FakeTree tree;
    CgroupManager manager("/slipway", "0123abcd", v1_layout(tree));

    const auto entry = manager.create("c1", {{"cpu", {{"shares", 5}}}});

    ASSERT_FALSE(entry);
    EXPECT_EQ(entry.error().code(), ErrorCode::kUnavailable);
    EXPECT_EQ(entry.error().message(), "the 'cpu' control group is not mounted");
}

TEST(CgroupManager, V1SupportComesFromTheFilesThatExist) {
    const FakeTree tree;
    const CgroupSupport support = probe_cgroup_support(v1_layout(tree));

    EXPECT_TRUE(support.memory);
    EXPECT_TRUE(support.swap);
    EXPECT_FALSE(support.memory_reservation);
    EXPECT_FALSE(support.cpu_shares);
    EXPECT_TRUE(support.cpuset);
    EXPECT_TRUE(support.pids);
    EXPECT_EQ(support.cpus, "0-3");
}

TEST(CgroupManager, V2PassesControllersDownAndWritesLimits) {
    const FakeTree tree;
    CgroupManager manager("/slipway", "0123abcd", tree.v2());

    const auto entry = manager.create("c1", {{"memory", {{"limit", 8388608}}}, {"cpu", {{"quota", 5000}}}});

    ASSERT_TRUE(entry) << entry.error().message();
    EXPECT_TRUE(entry->task_files.empty());
    ASSERT_TRUE(entry->directory);
    EXPECT_EQ(entry->v2_path, "/slipway/0123abcd/c1");
    EXPECT_EQ(tree.text("slipway/0123abcd/c1/memory.max"), "8388608");
    EXPECT_EQ(tree.text("slipway/0123abcd/c1/cpu.max"), "5000 100000");
    for (const char* group : {"", "slipway/", "slipway/0123abcd/"}) {
        EXPECT_THAT(tree.text(std::string(group) + "cgroup.subtree_control"), HasSubstr("+pids")) << group;
    }
    EXPECT_FALSE(tree.exists("slipway/0123abcd/c1/cgroup.subtree_control"));
}

TEST(CgroupManager, V2DoesNotTouchTheRootWhenAllIsEnabled) {
    const FakeTree tree;
    const CgroupLayout layout = tree.v2();
    tree.put("cgroup.subtree_control", "cpuset cpu io memory pids\n");
    CgroupManager manager("/slipway", "0123abcd", layout);

    ASSERT_TRUE(manager.create("c1", json::object()));

    EXPECT_EQ(tree.text("cgroup.subtree_control"), "cpuset cpu io memory pids\n");
}

TEST(CgroupManager, DestroyTwiceAndDestroyOfNothingSucceed) {
    const FakeTree tree;
    CgroupManager manager("/slipway", "0123abcd", tree.v2());
    ASSERT_TRUE(manager.create("c1", json::object()));

    EXPECT_TRUE(manager.destroy("c1"));
    EXPECT_TRUE(manager.destroy("c1"));
    EXPECT_TRUE(manager.destroy("never"));
    EXPECT_TRUE(manager.list()->empty());
}

TEST(CgroupManager, CreateReplacesAnEmptyGroupLeftBehind) {
    const FakeTree tree;
    CgroupManager manager("/slipway", "0123abcd", tree.v2());
    ASSERT_TRUE(manager.create("c1", json::object()));

    EXPECT_TRUE(manager.create("c1", json::object()));
}

TEST(CgroupManager, CountsOomKills) {
    const FakeTree tree;
    CgroupManager manager("/slipway", "0123abcd", tree.v2());
    ASSERT_TRUE(manager.create("c1", json::object()));

    EXPECT_EQ(manager.oom_kills("c1"), 0U);
    tree.put("slipway/0123abcd/c1/memory.events", "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 9\n");
    EXPECT_EQ(manager.oom_kills("c1"), 2U);
    EXPECT_EQ(manager.oom_file("c1"), tree.root + "/slipway/0123abcd/c1/memory.events");
}

TEST(CgroupManager, IdsThatArePathsAreRefused) {
    const FakeTree tree;
    CgroupManager manager("/slipway", "0123abcd", tree.v2());

    for (const char* id : {"", "..", ".", "a/b", "../c1", "a b"}) {
        const auto entry = manager.create(id, json::object());

        ASSERT_FALSE(entry) << id;
        EXPECT_EQ(entry.error().code(), ErrorCode::kInvalidArgument) << id;
        EXPECT_FALSE(manager.destroy(id)) << id;
    }
}

TEST(CgroupManager, RemovesItsParentsWhenTheyAreEmpty) {
    const FakeTree tree;
    CgroupManager manager("slipway//deep/", "0123abcd", tree.v2());
    ASSERT_TRUE(manager.create("c1", json::object()));

    manager.remove_parents();
    EXPECT_TRUE(tree.exists("slipway/deep/0123abcd/c1"));
    EXPECT_TRUE(manager.destroy("c1"));
    std::filesystem::remove(tree.root + "/slipway/deep/0123abcd/cgroup.subtree_control");
    std::filesystem::remove(tree.root + "/slipway/deep/cgroup.subtree_control");
    manager.remove_parents();

    EXPECT_FALSE(tree.exists("slipway/deep"));
}

}  // namespace
}  // namespace slipway::linux_backend
