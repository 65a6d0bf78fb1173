// The daemon's directories and its pid file: one daemon has them at a time.
#include "directories.hpp"
#include "support/temporary_directory.hpp"

#include <Poco/Process.h>

namespace slipway::daemon {
namespace {

using testing::HasSubstr;

class DirectoriesTest : public TemporaryDirectory {
protected:
    DaemonOptions options() const {
        DaemonOptions out;
        out.data_root = root / "data";
        out.exec_root = root / "exec";
        return out;
    }
};

TEST_F(DirectoriesTest, BelongToOneDaemonAtATime) {
    DaemonOptions wanted = options();
    {
        const Result<Directories> first = prepare_directories(wanted);
        ASSERT_TRUE(first.has_value());
        Result<Directories> second = prepare_directories(wanted);
        ASSERT_FALSE(second.has_value());
        EXPECT_EQ(second.error().message(), "the data root '" + wanted.data_root.string() +
                                                "' is in use by another slipwayd, process " +
                                                std::to_string(Poco::Process::id()));
        wanted.data_root = root / "elsewhere";
        second = prepare_directories(wanted);
        ASSERT_FALSE(second.has_value());
        EXPECT_THAT(second.error().message(), HasSubstr("the exec root '"));
    }
    EXPECT_TRUE(prepare_directories(wanted).has_value());
}

TEST_F(DirectoriesTest, PidFilesComeAndGo) {
    const std::string path = (root / "slipway.pid").string();
    {
        const Result<PidFile> file = PidFile::write(path);
        ASSERT_TRUE(file.has_value());
        std::string pid;
        std::getline(std::ifstream(path) >> std::ws, pid);
        EXPECT_EQ(pid, std::to_string(Poco::Process::id()));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
    write("slipway.pid", "1\n");  // a living process, but no slipwayd
    EXPECT_TRUE(PidFile::write(path).has_value());
    EXPECT_TRUE(PidFile::write("").has_value());
}

TEST(Instance, IsStableAndDiffersByRoot) {
    EXPECT_EQ(instance_of("/run/slipway"), instance_of("/run/slipway"));
    EXPECT_NE(instance_of("/run/slipway"), instance_of("/run/slipway2"));
    EXPECT_EQ(instance_of("/run/slipway").size(), 8U);
}

}  // namespace
}  // namespace slipway::daemon
