#include "cgroup_driver.hpp"
#include "options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::daemon {
namespace {

using testing::HasSubstr;

Result<Invocation> parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "slipwayd");
    return parse_invocation(arguments);
}

TEST(CgroupDriver, IsCgroupfsUnlessToldOtherwise) {
    EXPECT_EQ(*cgroup_driver_of({}), "cgroupfs");
    EXPECT_EQ(*cgroup_driver_of({"native.cgroupdriver=systemd"}), "systemd");
    EXPECT_EQ(*cgroup_driver_of({" Native.CgroupDriver = systemd "}), "systemd");
    EXPECT_EQ(*cgroup_driver_of({"native.cgroupdriver=cgroupfs", "native.cgroupdriver=systemd"}), "cgroupfs");
    EXPECT_EQ(parse({})->options.cgroup_driver, "cgroupfs");
    EXPECT_EQ(parse({"--exec-opt", "native.cgroupdriver=systemd"})->options.cgroup_driver, "systemd");
}

TEST(CgroupDriver, OtherWordsAreRefusedByName) {
    EXPECT_EQ(cgroup_driver_of({"native.cgroupdriver=none"}).error().message(),
              "native.cgroupdriver option none not supported");
    EXPECT_EQ(cgroup_driver_of({"systemd"}).error().message(), "unable to parse key/value option: systemd");
    EXPECT_THAT(cgroup_driver_of({"isolation=process"}).error().message(), HasSubstr("'isolation=process'"));
    EXPECT_FALSE(parse({"--exec-opt", "native.cgroupdriver=other"}));
}

TEST(CgroupDriver, ParentOfSystemdIsASlice) {
    EXPECT_TRUE(check_cgroup_parent("cgroupfs", "/a"));
    EXPECT_TRUE(check_cgroup_parent("systemd", ""));
    EXPECT_TRUE(check_cgroup_parent("systemd", "a-b.slice"));
    for (const char* parent : {"/a", ".slice", "a.scope"}) {
        EXPECT_THAT(check_cgroup_parent("systemd", parent).error().message(), HasSubstr("should be a valid slice"));
    }
    EXPECT_FALSE(parse({"--exec-opt", "native.cgroupdriver=systemd", "--cgroup-parent", "/a"}));
}

}  // namespace
}  // namespace slipway::daemon
