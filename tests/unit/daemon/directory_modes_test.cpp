// Who may enter the daemon's directories.
#include "directories.hpp"
#include "support/temporary_directory.hpp"

#include <sys/stat.h>

namespace slipway::daemon {
namespace {

using DirectoryModesTest = TemporaryDirectory;

TEST_F(DirectoryModesTest, AreNarrow) {
    DaemonOptions wanted;
    wanted.data_root = root / "data";
    wanted.exec_root = root / "exec";
    ASSERT_TRUE(prepare_directories(wanted).has_value());
    const auto mode = [](const std::filesystem::path& path) {
        struct stat info {};
        ::stat(path.c_str(), &info);
        return info.st_mode & 07777U;
    };
    EXPECT_EQ(mode(wanted.data_root), 0710U);
    EXPECT_EQ(mode(wanted.exec_root), 0711U);
    EXPECT_EQ(mode(wanted.data_root / "backends"), 0700U);
    EXPECT_EQ(mode(wanted.exec_root / "backends"), 0700U);
}

}  // namespace
}  // namespace slipway::daemon
