#include <cgroup/placed_groups.hpp>
#include <cgroup/slice_name.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

TEST(SliceName, EveryDashIsASliceAround) {
    EXPECT_EQ(*expand_slice("system.slice"), "/system.slice");
    EXPECT_EQ(*expand_slice("a-b.slice"), "/a.slice/a-b.slice");
    EXPECT_EQ(*expand_slice("a-b-c.slice"), "/a.slice/a-b.slice/a-b-c.slice");
    EXPECT_EQ(*expand_slice("user-1000.slice"), "/user.slice/user-1000.slice");
    EXPECT_EQ(*expand_slice("a\\x2db.slice"), "/a\\x2db.slice");
    EXPECT_EQ(*expand_slice("-.slice"), "");
}

TEST(SliceName, OthersAreRefusedInDockersWords) {
    for (const std::string name :
         {"", ".slice", "slice", "/a", "a", "a.scope", "a.service", "-a.slice", "a-.slice", "a--b.slice", "--.slice",
          "a/b.slice", "/a.slice", "a b.slice", "a\n.slice", "a.slice/"}) {
        const auto path = expand_slice(name);

        ASSERT_FALSE(path) << name;
        EXPECT_EQ(path.error().code(), ErrorCode::kInvalidArgument) << name;
        EXPECT_EQ(path.error().message(),
                  "cgroup-parent for systemd cgroup should be a valid slice named as \"xxx.slice\"");
    }
    EXPECT_TRUE(expand_slice(std::string(249, 'a') + ".slice"));
    EXPECT_FALSE(expand_slice(std::string(250, 'a') + ".slice"));
}

TEST(SliceName, ScopesAreNamedAfterTheirContainer) {
    EXPECT_EQ(scope_name("0123"), "slipway-0123.scope");
    EXPECT_EQ(container_of_scope("slipway-0123.scope"), "0123");
    for (const char* other : {"", "slipway-.scope", "slipway.scope", "docker-0123.scope", "slipway-0123.service"}) {
        EXPECT_EQ(container_of_scope(other), "") << other;
    }
}

TEST(SliceName, APlaceIsTakenUpWhenItsLastPartIsTheContainers) {
    PlacedGroups placed;

    EXPECT_TRUE(placed.from_text("0123", "/system.slice/slipway-0123.scope/container\n"));
    EXPECT_FALSE(placed.from_text("4567", "/system.slice/slipway-0123.scope/container\n"));
    EXPECT_EQ(placed.path_of("0123"), "/system.slice/slipway-0123.scope/container");
    EXPECT_EQ(placed.path_of("4567"), "");
}

}  // namespace
}  // namespace slipway::linux_backend
