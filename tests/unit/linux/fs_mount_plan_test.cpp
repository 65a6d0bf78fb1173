// Mount requests: what is accepted, and the texts of refusals.
#include <fs/mount_plan.hpp>

#include <gtest/gtest.h>

#include <sys/mount.h>

namespace slipway::linux_backend {
namespace {

slw_mount_request request(const char* source, const char* target, uint32_t flags = 0) {
    slw_mount_request req{};
    req.struct_size = sizeof(req);
    req.source = source;
    req.target = target;
    req.flags = flags;
    return req;
}

TEST(MountPlan, VolumesAskForACopyOrAStraightPath) {
    const auto plan = plan_mount(request("/v", "/x", SLW_MOUNT_COPY_UP | SLW_MOUNT_NO_SYMLINKS));
    ASSERT_TRUE(plan) << plan.error().message();
    EXPECT_TRUE(plan->copy_up);
    EXPECT_TRUE(plan->no_symlinks);
    EXPECT_FALSE(plan_mount(request(nullptr, "/x", SLW_MOUNT_COPY_UP)));
    EXPECT_FALSE(plan_mount(request(nullptr, "/x", SLW_MOUNT_NO_SYMLINKS)));
}

TEST(MountTarget, IsNormalised) {
    EXPECT_EQ(*check_target("/data//x/./y/"), "/data/x/y");
    EXPECT_EQ(*check_target("/sys/fs/cgroup"), "/sys/fs/cgroup");
    EXPECT_EQ(*check_target("/process"), "/process");
    EXPECT_EQ(*check_target("/a..b"), "/a..b");
}

TEST(MountTarget, RefusesRelativeRootAndParentParts) {
    for (const char* target : {"", "data", "/", "//", "/.", "/a/..", "/../x", "/sys/fs/cgroup/.."}) {
        const Result<std::string> normal = check_target(target);
        ASSERT_FALSE(normal.has_value()) << target;
        EXPECT_EQ(normal.error().code(), ErrorCode::kInvalidArgument) << target;
    }
    EXPECT_EQ(check_target("data").error().message(), "invalid mount path: 'data' mount path must be absolute");
    EXPECT_FALSE(check_target("/" + std::string(300, 'x')).has_value());
}

TEST(MountTarget, RefusesProcButForTheUsualFiles) {
    for (const char* target : {"/proc", "/proc/", "/proc/self", "/proc/sys/kernel", "/proc/./1/attr", "/proc/net",
                               "/proc//sysrq-trigger", "/proc/cpuinfo/x"}) {
        EXPECT_FALSE(check_target(target).has_value()) << target;
    }
    for (const char* target : {"/proc/cpuinfo", "/proc/meminfo", "/proc/net/dev", "/proc//uptime"}) {
        EXPECT_TRUE(check_target(target).has_value()) << target;
    }
}

TEST(MountPlan, TranslatesFlags) {
    const auto plan = plan_mount(request("/srv", "/data",
                                         SLW_MOUNT_READ_ONLY | SLW_MOUNT_NO_EXEC | SLW_MOUNT_NO_SUID |
                                             SLW_MOUNT_NO_DEV | SLW_MOUNT_NO_RECURSIVE | SLW_MOUNT_CREATE_SOURCE));
    ASSERT_TRUE(plan.has_value());
    EXPECT_EQ(plan->attributes, uint64_t{MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV});
    EXPECT_TRUE(plan->read_only);
    EXPECT_FALSE(plan->all_read_only);
    EXPECT_FALSE(plan->recursive);
    EXPECT_TRUE(plan->create_source);
}

TEST(MountPlan, RefusesUnknownFlagsAndHalfRequests) {
    EXPECT_FALSE(plan_mount(request("/srv", "/data", 1U << 20)).has_value());
    EXPECT_FALSE(plan_mount(request("/srv", "/data", SLW_MOUNT_RECURSIVE_READ_ONLY)).has_value());
    EXPECT_FALSE(plan_mount(request("srv", "/data")).has_value());
    EXPECT_FALSE(plan_mount(request("", "/data")).has_value());
    EXPECT_FALSE(plan_mount(request("/srv", nullptr)).has_value());
    EXPECT_FALSE(plan_mount(request(nullptr, "/data", SLW_MOUNT_CREATE_SOURCE)).has_value());
    slw_mount_request odd = request("/srv", "/data");
    odd.propagation = "sideways";
    EXPECT_FALSE(plan_mount(odd).has_value());
}

TEST(MountPlan, PropagationIsEmptyForTheDefault) {
    slw_mount_request req = request("/srv", "/data");
    EXPECT_EQ(plan_mount(req)->propagation, "");
    req.propagation = "rprivate";
    EXPECT_EQ(plan_mount(req)->propagation, "");
    req.propagation = "rslave";
    EXPECT_EQ(plan_mount(req)->propagation, "rslave");
}

TEST(MountPlan, InMemoryHasDockersDefaultsAndNoLimitOfOurs) {
    slw_mount_request req = request(nullptr, "/run");
    EXPECT_EQ(plan_mount(req)->limit_bytes, 0U);
    EXPECT_EQ(plan_mount(req)->mode, 01777U);
    req.limit_bytes = 4096;
    req.mode = 0700;
    EXPECT_EQ(plan_mount(req)->limit_bytes, 4096U);
    EXPECT_EQ(plan_mount(req)->mode, 0700U);
    req.mode = 0100700;
    EXPECT_FALSE(plan_mount(req).has_value());
}

}  // namespace
}  // namespace slipway::linux_backend
