#include <spec/root_file.hpp>
#include <spec/user_lookup.hpp>
#include <sys/unique_fd.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace slipway::linux_backend {
namespace {

using testing::ElementsAre;

const UserDatabase kDatabase = {
    "root:x:0:0:root:/root:/bin/sh\n"
    "# comment\n"
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
    "app:x:1000:1000:App:/home/app:/bin/sh\n"
    "1001:x:0:0:a name made of digits:/root:/bin/sh\n"
    "huge:x:4294967296:0::/:\n"
    "minus:x:-1:0::/:\n"
    "octal:x:010:0::/:\n"
    "empty:x::0::/:\n"
    "short\n"
    "nohome:x:1002:1002\n",
    "root:x:0:\n"
    "wheel:x:10:root,app\n"
    "docker:x:999:app\n"
    "apple:x:998:apple\n"
    "app:x:1000:\n"
    "bad:x:99999999999:app\n"};

struct Good {
    const char* user;
    uint32_t uid, gid;
    std::vector<uint32_t> groups;
    const char* home;
};

TEST(UserLookup, ResolvesWhatDockerResolves) {
    const std::vector<Good> cases = {
        {"", 0, 0, {0, 10}, "/root"},
        {"root", 0, 0, {0, 10}, "/root"},
        {"0", 0, 0, {0, 10}, "/root"},
        {"app", 1000, 1000, {1000, 10, 999}, "/home/app"},
        {"1000", 1000, 1000, {1000, 10, 999}, "/home/app"},
        {"app:docker", 1000, 999, {999}, "/home/app"},
        {"app:5", 1000, 5, {5}, "/home/app"},
        {"1:", 1, 1, {1}, "/usr/sbin"},
        {":1", 0, 1, {1}, "/root"},
        {"4242", 4242, 0, {0}, "/"},
        {"4242:4242", 4242, 4242, {4242}, "/"},
        {"1001", 1001, 0, {0}, "/"},
        {"2147483647", 2147483647, 0, {0}, "/"},
        {"nohome", 1002, 1002, {1002}, "/"},
    };
    for (const Good& row : cases) {
        const auto user = resolve_user(row.user, {}, kDatabase);

        ASSERT_TRUE(user) << row.user << ": " << user.error().message();
        EXPECT_EQ(user->uid, row.uid) << row.user;
        EXPECT_EQ(user->gid, row.gid) << row.user;
        EXPECT_EQ(user->groups, row.groups) << row.user;
        EXPECT_EQ(user->home, row.home) << row.user;
    }
}

struct Bad {
    const char* user;
    const char* message;
};

TEST(UserLookup, RefusesEverythingThatCouldBeMistakenForAnotherNumber) {
    const char* const range = "uids and gids must be in range 0-2147483647";
    for (const Bad& row : {
             Bad{"01", range},
             Bad{"00", range},
             Bad{"+0", range},
             Bad{" 0", range},
             Bad{"0 ", range},
             Bad{"-1", range},
             Bad{"2147483648", range},
             Bad{"4294967295", range},
             Bad{"4294967296", range},
             Bad{"18446744073709551616", range},
             Bad{"1:-1", range},
             Bad{"1:4294967296", range},
             Bad{"0x0", "unable to find user 0x0: no matching entries in passwd file"},
             Bad{"1e3", "unable to find user 1e3: no matching entries in passwd file"},
             Bad{"nobody", "unable to find user nobody: no matching entries in passwd file"},
             Bad{"huge", "unable to find user huge: no matching entries in passwd file"},
             Bad{"minus", "unable to find user minus: no matching entries in passwd file"},
             Bad{"octal", "unable to find user octal: no matching entries in passwd file"},
             Bad{"empty", "unable to find user empty: no matching entries in passwd file"},
             Bad{"app:nogroup", "unable to find group nogroup: no matching entries in group file"},
             Bad{"app:bad", "unable to find group bad: no matching entries in group file"},
         }) {
        const auto user = resolve_user(row.user, {}, kDatabase);

        ASSERT_FALSE(user) << row.user;
        EXPECT_EQ(user.error().message(), row.message) << row.user;
        EXPECT_EQ(user.error().code(), ErrorCode::kInvalidArgument) << row.user;
    }
}

TEST(UserLookup, AddsGroupsByNameAndNumber) {
    EXPECT_THAT(resolve_user("app:app", {"docker", "77", "docker"}, kDatabase)->groups, ElementsAre(1000, 999, 77));
    EXPECT_EQ(resolve_user("app", {"nope"}, kDatabase).error().message(),
              "unable to find group nope: no matching entries in group file");
}

TEST(UserLookup, ImageWithoutDatabaseKnowsNumbersAndTheDefault) {
    EXPECT_EQ(resolve_user("", {}, {})->home, "/");
    EXPECT_EQ(resolve_user("12:34", {}, {})->gid, 34U);
    EXPECT_FALSE(resolve_user("root", {}, {}));
}

class RootFile : public testing::Test {
protected:
    void SetUp() override {
        std::string name = "/tmp/slipway-root-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory_ = name;
        std::filesystem::create_directories(directory_ + "/root/etc");
        fd_.reset(::open((directory_ + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }
    void put(const std::string& path, const std::string& text) const { std::ofstream(directory_ + path) << text; }
    std::string at(const std::string& path) const { return directory_ + path; }

    std::string directory_;
    UniqueFd fd_;
};

TEST_F(RootFile, LinksStayInsideTheRoot) {
    put("/secret", "outside");
    put("/root/etc/real", "inside");
    std::filesystem::create_symlink("/etc/real", at("/root/etc/passwd"));
    std::filesystem::create_symlink("../../../secret", at("/root/etc/group"));

    EXPECT_EQ(read_root_file(fd_.get(), "/etc/passwd", 100)->value(), "inside");
    EXPECT_FALSE(read_root_file(fd_.get(), "/etc/group", 100)->has_value());
}

TEST_F(RootFile, NothingButAFileIsOpened) {
    ASSERT_EQ(::mkfifo(at("/root/etc/passwd").c_str(), 0600), 0);
    ASSERT_EQ(::mkdir(at("/root/etc/group").c_str(), 0700), 0);

    const auto fifo = read_root_file(fd_.get(), "/etc/passwd", 100);
    const auto folder = read_root_file(fd_.get(), "/etc/group", 100);

    ASSERT_FALSE(fifo);
    EXPECT_EQ(fifo.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(fifo.error().message(), "'/etc/passwd' of the container is not a regular file");
    EXPECT_FALSE(folder);
}

// Regular files by their type, and some of them, like /proc/kmsg, never end. The real /proc stands for a container's.
TEST(KernelFiles, S102_AreNoUserDatabase) {
    const UniqueFd root{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};

    for (const char* name : {"/proc/version", "/proc/self/status", "/sys/kernel/uevent_seqnum"}) {
        const auto content = read_root_file(root.get(), name, size_t{1} << 20);

        ASSERT_FALSE(content) << name;
        EXPECT_EQ(content.error().code(), ErrorCode::kInvalidArgument) << name;
        EXPECT_EQ(content.error().message(),
                  "'" + std::string(name) + "' of the container leads to a file of the kernel");
    }
}

TEST_F(RootFile, SizeIsBounded) {
    put("/root/etc/passwd", std::string(101, 'x'));
    put("/root/etc/group", std::string(100, 'x'));

    EXPECT_EQ(read_root_file(fd_.get(), "/etc/passwd", 100).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(read_root_file(fd_.get(), "/etc/group", 100)->value().size(), 100U);
}

TEST_F(RootFile, CircularAndDanglingLinksAreNoFile) {
    std::filesystem::create_symlink("passwd", at("/root/etc/passwd"));
    std::filesystem::create_symlink("/nowhere", at("/root/etc/group"));

    EXPECT_FALSE(read_root_file(fd_.get(), "/etc/passwd", 100)->has_value());
    EXPECT_FALSE(read_root_file(fd_.get(), "/etc/group", 100)->has_value());
}

TEST_F(RootFile, DatabaseComesFromTheRoot) {
    put("/root/etc/passwd", "u:x:7:8::/u:\n");

    const auto database = read_user_database(fd_.get());

    ASSERT_TRUE(database);
    EXPECT_EQ(resolve_user("u", {}, *database)->uid, 7U);
    EXPECT_TRUE(read_user_database(-1)->passwd.empty());
}

}  // namespace
}  // namespace slipway::linux_backend
