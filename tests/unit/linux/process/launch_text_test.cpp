// Texts that launch plans are made from: mount options, control group hierarchies, capabilities, exit records.
#include <process/cgroup_view.hpp>
#include <process/launch_plan.hpp>
#include <process/mount_options.hpp>
#include <process/run_directory.hpp>

#include <sys/mount.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

using ::testing::ElementsAre;

TEST(MountOptions, FlagsDataAndPropagationAreSorted) {
    const MountOptions options = parse_mount_options({"nosuid", "strictatime", "mode=755", "newinstance", "rslave"});

    EXPECT_EQ(options.attr_set, uint64_t{MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME});
    EXPECT_EQ(options.propagation, uint64_t{MS_SLAVE});
    EXPECT_TRUE(options.recursive);
    ASSERT_EQ(options.data.size(), 2u);
    EXPECT_EQ(options.data[0], std::pair(std::string("mode"), std::optional<std::string>("755")));
    EXPECT_EQ(options.data[1], std::pair(std::string("newinstance"), std::optional<std::string>()));
}

TEST(MountOptions, LaterOptionWins) {
    EXPECT_EQ(parse_mount_options({"ro", "rw"}).attr_set, 0u);
    EXPECT_EQ(parse_mount_options({"rw", "ro"}).attr_set, uint64_t{MOUNT_ATTR_RDONLY});
}

TEST(CgroupView, OnlyEnteredHierarchiesAreShown) {
    const std::string mountinfo =
        "30 29 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        "31 29 0:27 / /sys/fs/cgroup/systemd rw,nosuid shared:8 - cgroup cgroup rw,xattr,name=systemd\n"
        "32 29 0:28 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory\n"
        "33 29 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "34 29 0:30 / /sys/fs/cgroup/memory2 rw - cgroup cgroup rw,hugetlb\n";

    const auto found = cgroup_hierarchies(
        mountinfo,
        {"/sys/fs/cgroup/memory/a/tasks", "/sys/fs/cgroup/cpu,cpuacct/a/tasks", "/sys/fs/cgroup/systemd/a/tasks"});

    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].name, "systemd");
    EXPECT_THAT(found[0].options, ElementsAre("none", "xattr", "name=systemd"));
    EXPECT_EQ(found[1].name, "memory");
    EXPECT_EQ(found[1].group, "/sys/fs/cgroup/memory/a");
    EXPECT_THAT(found[2].options, ElementsAre("cpu", "cpuacct"));
}

TEST(CapabilityMask, DockersDefaultHasItsWellKnownNumber) {
    EXPECT_EQ(capability_mask({"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW",
                               "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE",
                               "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"}),
              0xa80425fbu);
}

TEST(ExitRecord, IsReadWholeOrNotAtAll) {
    const auto record = parse_exit_record("137 1 100 200\n");
    ASSERT_TRUE(record);
    EXPECT_EQ(record->exit_code, 137);
    EXPECT_TRUE(record->oom_killed);
    EXPECT_EQ(record->finished_ns, 200);

    EXPECT_FALSE(parse_exit_record("137 1 100 20"));
    EXPECT_FALSE(parse_exit_record("137 1 100\n"));
    EXPECT_FALSE(parse_exit_record("\n"));
}

}  // namespace
}  // namespace slipway::linux_backend
