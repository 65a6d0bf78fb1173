#include <cgroup/layout.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

using testing::ElementsAre;

TEST(CgroupLayout, HybridUsesTheV1Side) {
    const CgroupLayout layout = parse_cgroup_layout(
        "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");

    EXPECT_EQ(layout.version, CgroupSupport::Version::kV1);
    ASSERT_EQ(layout.hierarchies.size(), 3U);
    EXPECT_THAT(layout.hierarchies[0].controllers, ElementsAre("cpu", "cpuacct"));
    EXPECT_EQ(layout.find("memory")->mount_point, "/sys/fs/cgroup/memory");
    EXPECT_THAT(layout.hierarchies[2].controllers, ElementsAre("name=systemd"));
    EXPECT_EQ(layout.find("pids"), nullptr);
    EXPECT_EQ(layout.unified, "/sys/fs/cgroup/unified");
}

TEST(CgroupLayout, OneUnifiedHierarchyIsV2) {
    const CgroupLayout layout = parse_cgroup_layout(
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n");

    EXPECT_EQ(layout.version, CgroupSupport::Version::kV2);
    EXPECT_EQ(layout.unified, "/sys/fs/cgroup");
    EXPECT_TRUE(layout.hierarchies.empty());
}

TEST(CgroupLayout, NamedHierarchyBesideV2DoesNotMakeItV1) {
    const CgroupLayout layout = parse_cgroup_layout(
        "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        "31 30 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n");

    EXPECT_EQ(layout.version, CgroupSupport::Version::kV2);
}

TEST(CgroupLayout, CountsAHierarchyOnceAndReadsEscapedPaths) {
    const CgroupLayout layout = parse_cgroup_layout(
        "1 2 0:1 / /mnt/my\\040groups/pids rw - cgroup cgroup rw,pids\n"
        "3 2 0:1 / /second rw - cgroup cgroup rw,pids\n"
        "this is no mount line\n");

    ASSERT_EQ(layout.hierarchies.size(), 1U);
    EXPECT_EQ(layout.hierarchies[0].mount_point, "/mnt/my groups/pids");
}

}  // namespace
}  // namespace slipway::linux_backend
