// Binds and in-memory mounts, detached: flags, sources, and nothing in the host's mount table.
#include "linux_fs_support.hpp"

#include <fs/mounts.hpp>
#include <sys/mount_api.hpp>

#include <sys/vfs.h>

#include <gmock/gmock.h>

namespace slipway::linux_backend {
namespace {

using namespace testing;  // NOLINT: the fixture's helpers

class LinuxFsMounts : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(::geteuid(), 0U) << "these tests need root";
        ASSERT_EQ(::mkdir((dir_ / "src").c_str(), 0755), 0);
        ASSERT_EQ(::mkdir((dir_ / "src/sub").c_str(), 0755), 0);
        write_text(dir_ / "src/file", "content");
    }
    MountPlan bind(const std::string& source, const std::string& target = "/data") const {
        MountPlan plan;
        plan.source = source;
        plan.target = target;
        return plan;
    }

    TempDir dir_;
};

TEST_F(LinuxFsMounts, BindShowsItsSourceAndStaysOffTheTable) {
    const size_t before = open_descriptors();
    {
        const Result<PreparedMount> mount = prepare_mount(bind(dir_ / "src"));
        ASSERT_TRUE(mount.has_value()) << mount.error().message();
        EXPECT_TRUE(mount->is_directory);
        EXPECT_EQ(mount->target, "/data");
        EXPECT_EQ(read_at(mount->tree.get(), "file"), "content");
        EXPECT_EQ(write_at(mount->tree.get(), "new", "x"), 0);
        EXPECT_FALSE(in_mount_table(mount->tree.get()));
        EXPECT_FALSE(host_mounts_mention(dir_.path()));
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(read_text(dir_ / "src/new"), "x");
}

TEST_F(LinuxFsMounts, FileBindIsNoDirectory) {
    const Result<PreparedMount> mount = prepare_mount(bind(dir_ / "src/file"));
    ASSERT_TRUE(mount.has_value()) << mount.error().message();
    EXPECT_FALSE(mount->is_directory);
}

TEST_F(LinuxFsMounts, MissingSourceIsNotFoundUnlessItMayBeMade) {
    MountPlan plan = bind(dir_ / "no/such");
    const Result<PreparedMount> missing = prepare_mount(plan);
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(missing.error().message(), "bind source path does not exist: " + dir_.path() + "/no/such");
    EXPECT_EQ(missing.error().resource(), dir_ / "no/such");

    plan.create_source = true;
    const mode_t old = ::umask(077);
    const Result<PreparedMount> made = prepare_mount(plan);
    ::umask(old);
    ASSERT_TRUE(made.has_value()) << made.error().message();
    struct stat info {};
    ASSERT_EQ(::stat((dir_ / "no/such").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0755U);
}

TEST_F(LinuxFsMounts, OsErrorsNameTargetAndSource) {
    const Result<PreparedMount> mount = prepare_mount(bind(dir_ / "src/file/below"));
    ASSERT_FALSE(mount.has_value());
    EXPECT_EQ(mount.error().code(), ErrorCode::kSystem);
    EXPECT_EQ(mount.error().os().code, ENOTDIR);
    EXPECT_EQ(mount.error().message(), "mount '/data': open '" + dir_.path() + "/src/file/below': Not a directory");
}

TEST_F(LinuxFsMounts, ReadOnlyHoldsAndLeavesTheHostWritable) {
    MountPlan plan = bind(dir_ / "src");
    plan.read_only = true;
    const Result<PreparedMount> mount = prepare_mount(plan);
    ASSERT_TRUE(mount.has_value());
    EXPECT_EQ(write_at(mount->tree.get(), "new", "x"), EROFS);
    const UniqueFd host(::open((dir_ / "src").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_EQ(write_at(host.get(), "new", "x"), 0);
}

TEST_F(LinuxFsMounts, RecursionAndRecursiveReadOnly) {
    in_private_namespace([&] {
        ASSERT_EQ(::mount("tmpfs", (dir_ / "src/sub").c_str(), "tmpfs", 0, nullptr), 0);
        write_text(dir_ / "src/sub/inner", "below");
        MountPlan plan = bind(dir_ / "src");
        plan.read_only = true;
        {
            const Result<PreparedMount> top = prepare_mount(plan);
            ASSERT_TRUE(top.has_value()) << top.error().message();
            EXPECT_EQ(read_at(top->tree.get(), "sub/inner"), "below");
            EXPECT_EQ(write_at(top->tree.get(), "new", "x"), EROFS);
            EXPECT_EQ(write_at(top->tree.get(), "sub/new", "x"), 0);
        }
        plan.all_read_only = true;
        {
            const Result<PreparedMount> all = prepare_mount(plan);
            ASSERT_TRUE(all.has_value()) << all.error().message();
            EXPECT_EQ(write_at(all->tree.get(), "sub/other", "x"), EROFS);
        }
        plan.recursive = false;
        const Result<PreparedMount> alone = prepare_mount(plan);
        ASSERT_TRUE(alone.has_value()) << alone.error().message();
        EXPECT_EQ(read_at(alone->tree.get(), "sub/inner"), "<No such file or directory>");
    });
}

TEST_F(LinuxFsMounts, FlagsArriveOnTheMount) {
    MountPlan plan = bind(dir_ / "src");
    plan.attributes = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    const Result<PreparedMount> mount = prepare_mount(plan);
    ASSERT_TRUE(mount.has_value());
    struct statfs info {};
    ASSERT_EQ(::fstatfs(mount->tree.get(), &info), 0);
    EXPECT_EQ(static_cast<unsigned long>(info.f_flags) & (MS_NOEXEC | MS_NOSUID | MS_NODEV),
              static_cast<unsigned long>(MS_NOEXEC | MS_NOSUID | MS_NODEV));
}

TEST_F(LinuxFsMounts, OnlyTheDefaultPropagationIsCutOff) {
    in_private_namespace([&] {
        ASSERT_EQ(::mount("tmpfs", (dir_ / "src").c_str(), "tmpfs", 0, nullptr), 0);
        ASSERT_EQ(::mount(nullptr, (dir_ / "src").c_str(), nullptr, MS_SHARED, nullptr), 0);
        ASSERT_EQ(::mkdir((dir_ / "at").c_str(), 0755), 0);
        const auto attached_line = [&](const std::string& propagation) {
            MountPlan plan = bind(dir_ / "src");
            plan.propagation = propagation;
            const Result<PreparedMount> mount = prepare_mount(plan);
            const UniqueFd at(::open((dir_ / "at").c_str(), O_PATH | O_CLOEXEC));
            EXPECT_TRUE(mount && attach_tree(mount->tree.get(), at.get(), "at"));
            std::istringstream table(read_text("/proc/thread-self/mountinfo"));
            std::string line, found;
            while (std::getline(table, line)) {
                if (line.find(dir_ / "at ") != std::string::npos) found = line;
            }
            EXPECT_EQ(::umount2((dir_ / "at").c_str(), MNT_DETACH), 0);
            return found;
        };
        EXPECT_THAT(attached_line(""), ::testing::Not(::testing::HasSubstr("shared:")));
        EXPECT_THAT(attached_line("rshared"), ::testing::HasSubstr("shared:"));

        ASSERT_EQ(::mount(nullptr, (dir_ / "src").c_str(), nullptr, MS_PRIVATE, nullptr), 0);
        MountPlan plan = bind(dir_ / "src");
        plan.propagation = "rslave";
        const Result<PreparedMount> refused = prepare_mount(plan);
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
        EXPECT_THAT(refused.error().message(),
                    ::testing::HasSubstr("Path " + (dir_ / "src") + " is mounted on " + (dir_ / "src") +
                                         " but it is not a shared or slave mount."));
    });
}

TEST_F(LinuxFsMounts, InMemoryMountHasSizeAndMode) {
    MountPlan plan;
    plan.target = "/run";
    plan.limit_bytes = 1 << 20;
    plan.mode = 0710;
    plan.attributes = MOUNT_ATTR_NOEXEC;
    const Result<PreparedMount> mount = prepare_mount(plan);
    ASSERT_TRUE(mount.has_value()) << mount.error().message();
    EXPECT_TRUE(mount->is_directory);
    EXPECT_FALSE(in_mount_table(mount->tree.get()));
    struct stat info {};
    ASSERT_EQ(::fstat(mount->tree.get(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0710U);
    EXPECT_EQ(write_at(mount->tree.get(), "fits", std::string(500'000, 'x')), 0);
    EXPECT_NE(write_at(mount->tree.get(), "not", std::string(2 << 20, 'x')), 0);
}

// As with Docker, where the kernel's default counts: half of the memory.
TEST_F(LinuxFsMounts, InMemoryMountWithoutASizeHasTheKernels) {
    MountPlan plan;
    plan.target = "/var/lib/data";
    plan.mode = 01777;
    const Result<PreparedMount> mount = prepare_mount(plan);
    ASSERT_TRUE(mount.has_value()) << mount.error().message();
    struct statfs ours {};
    ASSERT_EQ(::fstatfs(mount->tree.get(), &ours), 0);
    Result<FsContext> fs = FsContext::open("tmpfs");
    ASSERT_TRUE(fs.has_value());
    const Result<UniqueFd> plain = fs->mount(0);
    ASSERT_TRUE(plain.has_value()) << plain.error().message();
    struct statfs kernels {};
    ASSERT_EQ(::fstatfs(plain->get(), &kernels), 0);
    EXPECT_EQ(ours.f_blocks, kernels.f_blocks);
}

TEST_F(LinuxFsMounts, IdsAndDuplicates) {
    std::vector<PreparedMount> mounts;
    const Result<uint64_t> first = add_mount(mounts, bind(dir_ / "src", "/a"));
    ASSERT_TRUE(first.has_value());
    EXPECT_GE(*first, 1U);
    const Result<uint64_t> twice = add_mount(mounts, bind(dir_ / "src", "/a"));
    ASSERT_FALSE(twice.has_value());
    EXPECT_EQ(twice.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(twice.error().message(), "Duplicate mount point '/a'");
    const Result<uint64_t> second = add_mount(mounts, bind(dir_ / "src", "/b"));
    EXPECT_NE(*second, *first);
    ASSERT_EQ(mounts.size(), 2U);
    remove_mount(mounts, *first);
    remove_mount(mounts, *first);
    ASSERT_EQ(mounts.size(), 1U);
    EXPECT_EQ(mounts[0].target, "/b");
    EXPECT_TRUE(add_mount(mounts, bind(dir_ / "src", "/a")));
}

}  // namespace
}  // namespace slipway::linux_backend
