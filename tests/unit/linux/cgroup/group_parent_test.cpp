#include <cgroup/group_parent.hpp>
#include <cgroup/placed_groups.hpp>

#include "fake_tree.hpp"

namespace slipway::linux_backend {
namespace {

TEST(GroupParent, NamesBecomePathsBelowTheHierarchies) {
    EXPECT_EQ(*parse_group_parent(""), "");
    EXPECT_EQ(*parse_group_parent("/"), "");
    EXPECT_EQ(*parse_group_parent("/a/b"), "/a/b");
    EXPECT_EQ(*parse_group_parent("a//b/"), "/a/b");
    EXPECT_EQ(*parse_group_parent("/a..b/.c"), "/a..b/.c");
}

TEST(GroupParent, WhatLeadsElsewhereOrBelongsToSystemdIsRefused) {
    for (const std::string name :
         {"..", "/..", "../a", "/a/../b", "a/.", ".", "a\nb", "system.slice", "/a.slice/b", "x.scope", "y.service"}) {
        const auto parsed = parse_group_parent(name);
        ASSERT_FALSE(parsed) << name;
        EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
    }
    EXPECT_FALSE(parse_group_parent(std::string(300, 'a')));
    EXPECT_FALSE(parse_group_parent(std::string("a\0b", 3)));
    std::string deep;
    while (deep.size() < 3000) deep += "/aaaa";
    EXPECT_FALSE(parse_group_parent(deep));
}

TEST(PlacedGroups, RemoveOnlyWhatWasMadeAndIsEmpty) {
    const test::FakeTree tree;
    const std::string theirs = tree.root + "/theirs", ours = theirs + "/ours", full = tree.root + "/full";
    for (const std::string& path : {theirs, ours, full, full + "/child"}) std::filesystem::create_directory(path);
    PlacedGroups placed;
    placed.add_made({ours, full});

    placed.remove_made({theirs, full, ours});

    EXPECT_FALSE(tree.exists("theirs/ours"));
    EXPECT_TRUE(tree.exists("theirs"));
    EXPECT_TRUE(tree.exists("full"));
    std::filesystem::remove(full + "/child");
    placed.remove_made({full});
    EXPECT_FALSE(tree.exists("full")) << "the last one takes it away";
}

TEST(PlacedGroups, TextBringsItAllBack) {
    const test::FakeTree tree;
    const std::string made = tree.root + "/made";
    std::filesystem::create_directory(made);
    PlacedGroups first;
    first.place("c1", "/made/c1");
    first.add_made({made});
    const std::string text = first.to_text("c1", {made, tree.root + "/other"});
    EXPECT_EQ(text, "/made/c1\n" + made + "\n");

    PlacedGroups second;
    EXPECT_TRUE(second.from_text("c1", text));
    EXPECT_EQ(second.path_of("c1"), "/made/c1");
    second.remove_made({made});
    EXPECT_FALSE(tree.exists("made"));

    EXPECT_FALSE(second.from_text("c2", text)) << "of another container";
    EXPECT_FALSE(second.from_text("c2", ""));
    EXPECT_EQ(second.path_of("c2"), "");
    EXPECT_EQ(second.to_text("c2", {}), "");
}

}  // namespace
}  // namespace slipway::linux_backend
