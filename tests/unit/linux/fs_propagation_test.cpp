// Reading propagation from mountinfo.
#include <fs/propagation.hpp>

#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

constexpr const char* kTable =
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
    "23 22 0:5 / /proc rw - proc proc rw\n"
    "24 22 0:6 / /mnt/my\\040disk rw master:7 propagate_from:2 - tmpfs shared:9 rw\n"
    "damaged line\n";

TEST(FindMount, ReadsTheOptionalFieldsOnly) {
    EXPECT_TRUE(find_mount(kTable, 22)->shared);
    EXPECT_EQ(find_mount(kTable, 22)->target, "/");
    EXPECT_FALSE(find_mount(kTable, 23)->shared);
    EXPECT_FALSE(find_mount(kTable, 23)->slave);
    EXPECT_TRUE(find_mount(kTable, 24)->slave);
    EXPECT_FALSE(find_mount(kTable, 24)->shared) << "behind the dash come device and options";
    EXPECT_EQ(find_mount(kTable, 99).error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace slipway::linux_backend
