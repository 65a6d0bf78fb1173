// Copying files out of and into directories that are in use: paths, members, owners, and what may not be replaced.
#include "fs_support.hpp"

#include <fs/archive_path.hpp>
#include <fs/layer_import.hpp>
#include <fs/owner_map.hpp>
#include <fs/tar_reader.hpp>
#include <fs/tree_archiver.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>

namespace slipway::linux_backend {
namespace {

using ::testing::HasSubstr;
using testing::never_stop;
using testing::read_text;
using testing::snapshot;
using testing::StringSource;
using testing::TarBuilder;
using testing::TempDir;
using testing::write_text;

std::string shown(const std::string& given) {
    const ArchivePath path = parse_archive_path(given);
    return path.place + " " + path.name + (path.follows ? " follows" : "") + (path.wants_directory ? " directory" : "");
}

TEST(ArchivePath, IsTakenApartAsDockerDoes) {
    EXPECT_EQ(shown("/a/b"), "/a/b b");
    EXPECT_EQ(shown("a//b"), "/a/b b");
    EXPECT_EQ(shown("/a/b/"), "/a/b b follows directory");
    EXPECT_EQ(shown("/a/b/."), "/a/b . follows directory");
    EXPECT_EQ(shown("/a/../b"), "/b b");
    EXPECT_EQ(shown("/../../b"), "/b b");
    EXPECT_EQ(shown("/"), "/ / follows directory");
    EXPECT_EQ(shown(""), "/ / follows");
    EXPECT_EQ(shown("."), "/ / follows directory");
    EXPECT_EQ(shown("/a/.b"), "/a/.b .b");
}

TEST(ArchivePath, ModesAreGos) {
    EXPECT_EQ(go_mode(S_IFREG | 0644), 0644U);
    EXPECT_EQ(go_mode(S_IFDIR | 0755), 0x80000000U | 0755);
    EXPECT_EQ(go_mode(S_IFLNK | 0777), 0x08000000U | 0777);
    EXPECT_EQ(go_mode(S_IFCHR | 0600), 0x04200000U | 0600);
    EXPECT_EQ(go_mode(S_IFREG | 04755), 0x00800000U | 0755);
    EXPECT_EQ(go_mode(S_IFDIR | 01777), 0x80100000U | 0777);
}

TEST(OwnerMap, TranslatesBothWays) {
    const Result<OwnerMap> same = OwnerMap::parse("0 0 4294967295\n", "         0          0 4294967295\n");
    ASSERT_TRUE(same.has_value());
    EXPECT_EQ(same->to_host({7, 8}), (Owner{7, 8}));
    const Result<OwnerMap> map = OwnerMap::parse("0 100000 65536\n", "0 200000 1000\n1000 5000 1\n");
    ASSERT_TRUE(map.has_value());
    EXPECT_EQ(map->to_host({7, 1000}), (Owner{100007, 5000}));
    EXPECT_EQ(map->to_host({7, 1001}), std::nullopt);
    EXPECT_EQ(map->to_container({100007, 200008}), (Owner{7, 8}));
    EXPECT_EQ(map->to_container({7, 8}), (Owner{65534, 65534}));
    EXPECT_FALSE(OwnerMap::parse("nonsense", "0 0 1").has_value());
    EXPECT_FALSE(OwnerMap::parse("", "0 0 1").has_value());
}

class LiveDirectory : public ::testing::Test {
protected:
    LiveDirectory() {
        for (const char* name : {"from", "to", "canary"}) ::mkdir((dir_ / name).c_str(), 0755);
        write_text(dir_ / "canary/file", "untouched");
        canary_ = snapshot(dir_ / "canary");
        limits_.take_absolute = true;
        limits_.privileged = ::geteuid() == 0;
        rules_.live = true;
        rules_.shown = "/to";
    }
    void TearDown() override { EXPECT_EQ(snapshot(dir_ / "canary"), canary_); }

    std::string archive_of(const std::string& path, const std::string& name, const OwnerMap& ids = {}) {
        StringSink sink(size_t{64} << 20);
        TarWriter writer(sink.get(), never_stop);
        const UniqueFd object(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        Status added = TreeArchiver(writer, ids).add(object.get(), name);
        if (added) added = writer.finish();
        EXPECT_TRUE(added) << added.error().message();
        return sink.take();
    }
    Result<uint64_t> unpack(const std::string& tar) {
        StringSource source(tar);
        const UniqueFd to(::open((dir_ / "to").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        return unpack_tree(to.get(), source.get(), limits_, rules_, never_stop);
    }
    struct stat stat_of(const std::string& name) const {
        struct stat info {};
        EXPECT_EQ(::lstat((dir_ / name).c_str(), &info), 0) << name;
        return info;
    }

    TempDir dir_;
    std::string canary_;
    ImportLimits limits_;
    UnpackRules rules_;
};

TEST_F(LiveDirectory, ATreeGoesThroughAnArchiveUnchanged) {
    const std::string deep = std::string(120, 'd') + "/" + std::string(200, 'e');
    ASSERT_TRUE(make_dirs(dir_ / "from" + "/" + deep, 0750));
    write_text(dir_ / "from" + "/" + deep + "/file", "deep");
    write_text(dir_ / "from/\xff\xfe", "no UTF-8");
    write_text(dir_ / "from/large", std::string(300'001, 'l'));
    ::chmod((dir_ / "from/large").c_str(), 04711);
    ASSERT_EQ(::link((dir_ / "from/large").c_str(), (dir_ / "from/same").c_str()), 0);
    ASSERT_EQ(::symlink("/etc/passwd", (dir_ / "from/link").c_str()), 0);
    ASSERT_EQ(::mkfifo((dir_ / "from/fifo").c_str(), 0640), 0);
    const int sock = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", (dir_ / "from/socket").c_str());
    ASSERT_EQ(::bind(sock, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ::close(sock);

    const auto members = unpack(archive_of(dir_ / "from", "name"));
    ASSERT_TRUE(members.has_value()) << members.error().message();
    EXPECT_EQ(read_text(dir_ / "to/name" + "/" + deep + "/file"), "deep");
    EXPECT_EQ(read_text(dir_ / "to/name/\xff\xfe"), "no UTF-8");
    EXPECT_EQ(stat_of("to/name/large").st_mode, S_IFREG | 04711U);
    EXPECT_EQ(stat_of("to/name/large").st_size, 300'001);
    EXPECT_EQ(stat_of("to/name/large").st_ino, stat_of("to/name/same").st_ino);
    EXPECT_TRUE(S_ISLNK(stat_of("to/name/link").st_mode));
    EXPECT_EQ(stat_of("to/name/fifo").st_mode, S_IFIFO | 0640U);
    EXPECT_NE(::access((dir_ / "to/name/socket").c_str(), F_OK), 0);
}

TEST_F(LiveDirectory, OwnersAreThoseOfTheContainer) {
    if (::geteuid() != 0) {
        if (std::getenv("CI") != nullptr) FAIL() << "this test needs root, and in CI it may not skip";
        GTEST_SKIP() << "needs root: it gives files away";
    }
    rules_.ids = *OwnerMap::parse("0 100000 1000\n", "0 200000 1000\n");
    ASSERT_TRUE(unpack(TarBuilder().add({.name = "f", .uid = 5, .gid = 6}).finish()).has_value());
    EXPECT_EQ(stat_of("to/f").st_uid, 100005U);
    EXPECT_EQ(stat_of("to/f").st_gid, 200006U);
    StringSource source(archive_of(dir_ / "to/f", "f", rules_.ids));
    TarReader reader(source.get(), limits_, never_stop);
    const auto member = reader.next();
    ASSERT_TRUE(member.has_value() && member->has_value());
    EXPECT_EQ((*member)->uid, 5U);
    EXPECT_EQ((*member)->gid, 6U);
    EXPECT_FALSE(unpack(TarBuilder().add({.name = "g", .uid = 5000, .gid = 6}).finish()).has_value());
    rules_.owner = Owner{7, 7};
    ASSERT_TRUE(unpack(TarBuilder().add({.name = "h", .uid = 5000, .gid = 6}).finish()).has_value());
    EXPECT_EQ(stat_of("to/h").st_uid, 100007U);
}

TEST_F(LiveDirectory, TheTopKeepsItsAttributesAndNamesMeanNothingSpecial) {
    const mode_t before = stat_of("to").st_mode;
    ASSERT_TRUE(unpack(TarBuilder().dir("./", 0700).file(".wh.keep").file("/abs/olute").finish()).has_value());
    EXPECT_EQ(stat_of("to").st_mode, before);
    EXPECT_TRUE(S_ISREG(stat_of("to/.wh.keep").st_mode));
    EXPECT_EQ(read_text(dir_ / "to/abs/olute"), "data");
}

TEST_F(LiveDirectory, KindsAreKeptWhenAsked) {
    ::mkdir((dir_ / "to/dir").c_str(), 0755);
    write_text(dir_ / "to/file", "old");
    rules_.keep_kinds = true;
    auto refused = unpack(TarBuilder().file("dir").finish());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message(), "cannot overwrite directory \"/to/dir\" with non-directory");
    refused = unpack(TarBuilder().dir("file").finish());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message(), "cannot overwrite non-directory \"/to/file\" with directory");
    ASSERT_TRUE(unpack(TarBuilder().file("file", "new").dir("dir").finish()).has_value());
    EXPECT_EQ(read_text(dir_ / "to/file"), "new");
    rules_.keep_kinds = false;
    ASSERT_TRUE(unpack(TarBuilder().file("dir", "now a file").finish()).has_value());
    EXPECT_EQ(read_text(dir_ / "to/dir"), "now a file");
}

TEST_F(LiveDirectory, S25_LinksThatAreThereLeadNowhereElse) {
    ASSERT_EQ(::symlink((dir_ / "canary").c_str(), (dir_ / "to/out").c_str()), 0);
    ASSERT_EQ(::symlink("../canary/file", (dir_ / "to/file").c_str()), 0);
    EXPECT_FALSE(unpack(TarBuilder().file("out/planted").finish()).has_value());
    ASSERT_TRUE(unpack(TarBuilder().file("file", "own").finish()).has_value());
    EXPECT_EQ(read_text(dir_ / "to/file"), "own");
    EXPECT_FALSE(unpack(TarBuilder().file("../canary/planted").finish()).has_value());
    EXPECT_FALSE(unpack(TarBuilder().hard_link("hard", "../canary/file").finish()).has_value());
    // A directory takes the place of the link and is not made where that leads.
    ASSERT_TRUE(unpack(TarBuilder().dir("out", 0777).file("out/planted").finish()).has_value());
    EXPECT_EQ(read_text(dir_ / "to/out/planted"), "data");
}

TEST_F(LiveDirectory, AReceiverThatStopsEndsTheWriting) {
    write_text(dir_ / "from/large", std::string(3'000'000, 'l'));
    StringSink sink(100'000);
    TarWriter writer(sink.get(), never_stop);
    const UniqueFd object(::open((dir_ / "from").c_str(), O_PATH | O_CLOEXEC));
    const Status added = TreeArchiver(writer, {}).add(object.get(), "from");
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code(), ErrorCode::kCancelled);
}

TEST_F(LiveDirectory, ObjectsAreFoundInsideAlone) {
    ASSERT_EQ(::symlink((dir_ / "canary/file").c_str(), (dir_ / "from/absolute").c_str()), 0);
    ASSERT_EQ(::symlink("../../..", (dir_ / "from/up").c_str()), 0);
    ASSERT_EQ(::symlink("loop", (dir_ / "from/loop").c_str()), 0);
    write_text(dir_ / "from/file", "x");
    const UniqueFd root(::open((dir_ / "from").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const auto find = [&](const std::string& path) { return find_object(root.get(), parse_archive_path(path)); };
    const auto link = find("/absolute");
    ASSERT_TRUE(link.has_value());
    const auto about = describe_object(root.get(), parse_archive_path("/absolute"), *link);
    EXPECT_EQ(about["linkTarget"], dir_ / "canary/file");
    EXPECT_EQ(about["name"], "absolute");
    EXPECT_EQ(find("/up/file").has_value(), true);
    EXPECT_EQ(describe_object(root.get(), parse_archive_path("up"), *find("up"))["linkTarget"], "/");
    EXPECT_EQ(find("/absolute/").error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(find("/file/x").error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(find("/loop/x").error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::linux_backend
