// Paths into the mount name space of another process.
#include <sys/foreign_mount.hpp>

#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

TEST(ForeignPath, IsAPidAndAPathOfItsRoot) {
    const auto place = parse_foreign_path("/proc/123/root/dev/shm");
    ASSERT_TRUE(place.has_value());
    EXPECT_EQ(place->pid, 123);
    EXPECT_EQ(place->path, "/dev/shm");
}

TEST(ForeignPath, EverythingElseIsAPathOfTheHost) {
    for (const char* path : {"/dev/shm", "/proc/self/root/x", "/proc/12", "/proc/12/rootx", "/proc/-1/root/x",
                             "/proc/12/root", "/procs/1/root/x", "/proc/99999999999999/root/x"}) {
        EXPECT_FALSE(parse_foreign_path(path).has_value()) << path;
    }
}

}  // namespace
}  // namespace slipway::linux_backend
