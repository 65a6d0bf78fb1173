// Opening and deleting below a directory.
#include "fs_support.hpp"

#include <fs/deferred_closer.hpp>
#include <fs/tree_usage.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

namespace slipway::linux_backend {
namespace {

using testing::never_stop;
using testing::read_text;
using testing::TempDir;
using testing::write_text;

UniqueFd dir_fd(const std::string& path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

TEST(OpenBelow, LinksEndInRootOrAreRefused) {
    TempDir dir;
    ::mkdir((dir / "root").c_str(), 0755);
    write_text(dir / "secret", "outside");
    write_text(dir / "root/file", "inside");
    ::symlink("/../../file", (dir / "root/abs").c_str());
    ::symlink("../secret", (dir / "root/out").c_str());
    const UniqueFd root = dir_fd(dir / "root");

    EXPECT_TRUE(open_below(root.get(), "abs", O_RDONLY, Links::kInRoot));
    EXPECT_EQ(open_below(root.get(), "out", O_RDONLY, Links::kInRoot).error().os().code, ENOENT);
    EXPECT_EQ(open_below(root.get(), "abs", O_RDONLY, Links::kRefuse).error().os().code, ELOOP);
    EXPECT_EQ(open_below(root.get(), "../secret", O_RDONLY, Links::kRefuse).error().os().code, EXDEV);
}

TEST(RemoveTree, DeletesLinksAndNotTheirTargets) {
    TempDir dir;
    ::mkdir((dir / "keep").c_str(), 0755);
    write_text(dir / "keep/file", "kept");
    ::mkdir((dir / "gone").c_str(), 0755);
    ::symlink("../keep", (dir / "gone/link").c_str());
    ::mkdir((dir / "gone/sub").c_str(), 0755);
    write_text(dir / "gone/sub/file", "x");
    const UniqueFd top = dir_fd(dir.path());

    ASSERT_TRUE(remove_tree(top.get(), "gone"));
    ASSERT_TRUE(remove_tree(top.get(), "gone")) << "gone already is success";
    EXPECT_EQ(read_text(dir / "keep/file"), "kept");
    EXPECT_THAT(*read_names(top.get()), ::testing::ElementsAre("keep"));
}

TEST(RemoveTree, DepthCostsNoDescriptors) {
    TempDir dir;
    UniqueFd at = dir_fd(dir.path());
    ASSERT_EQ(::mkdirat(at.get(), "deep", 0755), 0);
    at.reset(::openat(at.get(), "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int level = 0; level < 500; ++level) {
        ASSERT_EQ(::mkdirat(at.get(), "d", 0755), 0) << level;
        at.reset(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    rlimit old{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
    const rlimit few{128, old.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    const UniqueFd top = dir_fd(dir.path());
    const Status removed = remove_tree(top.get(), "deep");
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
    ASSERT_TRUE(removed) << removed.error().message();
    EXPECT_THAT(*read_names(top.get()), ::testing::IsEmpty());
}

TEST(MakeDirs, IgnoresTheUmaskAndKeepsWhatIsThere) {
    TempDir dir;
    ::mkdir((dir / "old").c_str(), 0700);
    const mode_t umask_before = ::umask(077);
    const Status made = make_dirs(dir / "old/a/b", 0755);
    ::umask(umask_before);
    ASSERT_TRUE(made);
    struct stat info {};
    ASSERT_EQ(::stat((dir / "old/a/b").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0755U);
    ASSERT_EQ(::stat((dir / "old").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0700U);
}

TEST(TreeUsage, CountsFilesOnceAndFollowsNothing) {
    TempDir dir;
    ::mkdir((dir / "t").c_str(), 0755);
    ::mkdir((dir / "t/sub").c_str(), 0755);
    write_text(dir / "t/a", std::string(1000, 'a'));
    write_text(dir / "t/sub/b", std::string(234, 'b'));
    ASSERT_EQ(::link((dir / "t/a").c_str(), (dir / "t/sub/again").c_str()), 0);
    write_text(dir / "big", std::string(5000, 'x'));
    ::symlink((dir / "big").c_str(), (dir / "t/link").c_str());
    EXPECT_EQ(*tree_usage(dir_fd(dir / "t").get(), never_stop), 1234U);
}

TEST(DeferredCloserTest, WaitReturnsWhenTheDescriptorIsClosed) {
    DeferredCloser closer;
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    closer.close(UniqueFd(ends[1]), "mine");
    closer.wait("mine");
    char byte = 0;
    EXPECT_EQ(::read(reader.get(), &byte, 1), 0) << "end of file: nobody writes any more";
    closer.wait("nobody's");
    closer.flush();
}

}  // namespace
}  // namespace slipway::linux_backend
