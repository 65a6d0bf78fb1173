// A daemon whose "/" is not a mount point, as in a plain chroot: mount name spaces are still to be had there.

#include "../unit/linux/fs_support.hpp"
#include "chroot_support.hpp"

#include <process/base_namespace.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace slipway::linux_backend::testing {
namespace {

[[noreturn]] void make_base_in_chroot(const std::string& root) {
    enter_plain_chroot(root);
    SupervisorProgram program("/bin/slipway-supervisor");
    BaseNamespace base(program);
    const Result<int> made = base.get();
    if (!made) std::fprintf(stderr, "%s\n", made.error().message().c_str());
    ::_exit(made ? 0 : 11);
}

TEST(LinuxChroot, TheBaseMountNameSpaceIsMade) {
    TempDir dir;
    EXPECT_EXIT(make_base_in_chroot(dir.path()), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace slipway::linux_backend::testing
