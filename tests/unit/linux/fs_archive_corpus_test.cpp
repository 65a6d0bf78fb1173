// The archive corpus: whatever a stream holds, nothing outside the layer's directory changes.
#include "fs_support.hpp"

#include <fs/layer_import.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

class ArchiveCorpus : public ::testing::Test {
protected:
    ArchiveCorpus() {
        ::mkdir((dir_ / "layer").c_str(), 0755);
        ::mkdir((dir_ / "canary").c_str(), 0755);
        write_text(canary() + "/file", "untouched");
        ::symlink("file", (canary() + "/link").c_str());
        before_ = snapshot(canary());
        layer_.reset(::open((dir_ / "layer").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        limits_ = default_import_limits();
    }
    void TearDown() override {
        EXPECT_EQ(snapshot(canary()), before_);
        EXPECT_EQ(read_text(canary() + "/file"), "untouched");
        Result<std::vector<std::string>> names =
            read_names(UniqueFd(::open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)).get());
        ASSERT_TRUE(names.has_value());
        EXPECT_THAT(*names, ::testing::ElementsAre("canary", "layer"));
    }

    std::string canary() const { return dir_ / "canary"; }
    std::string in_layer(const std::string& name) const { return dir_ / "layer" + "/" + name; }
    struct stat stat_of(const std::string& name) const {
        struct stat info {};
        EXPECT_EQ(::lstat(in_layer(name).c_str(), &info), 0) << name;
        return info;
    }
    bool exists(const std::string& name) const {
        struct stat info {};
        return ::lstat(in_layer(name).c_str(), &info) == 0;
    }

    Result<uint64_t> unpack(const std::string& tar, size_t piece = 65536) {
        StringSource source(tar, piece);
        return unpack_layer(layer_.get(), source.get(), limits_, never_stop);
    }
    void expect_refused(const std::string& tar, const std::string& text) {
        const Result<uint64_t> members = unpack(tar);
        ASSERT_FALSE(members.has_value());
        EXPECT_EQ(members.error().code(), ErrorCode::kInvalidArgument) << members.error().message();
        EXPECT_THAT(members.error().message(), HasSubstr(text));
    }

    TempDir dir_;
    std::string before_;
    UniqueFd layer_;
    ImportLimits limits_;
};

TEST_F(ArchiveCorpus, OrdinaryTreeArrivesWithModesTimesAndLinks) {
    const auto members = unpack(TarBuilder()
                                    .dir("./", 0751)
                                    .dir("./etc", 0750)
                                    .file("./etc/motd", "hello", 0640)
                                    .file("./bin/su", "x", 04755)
                                    .symlink("./etc/link", "../../../canary/file")
                                    .hard_link("./etc/again", "./etc/motd")
                                    .finish());
    ASSERT_TRUE(members.has_value()) << members.error().message();
    EXPECT_EQ(*members, 6U);
    EXPECT_EQ(read_text(in_layer("etc/motd")), "hello");
    EXPECT_EQ(stat_of("etc/motd").st_mode & 07777, 0640U);
    EXPECT_EQ(stat_of("etc/motd").st_nlink, 2U);
    EXPECT_EQ(stat_of("etc/motd").st_mtime, 1'600'000'000);
    EXPECT_EQ(stat_of("bin/su").st_mode & 07777, 04755U);
    EXPECT_EQ(stat_of("bin").st_mode & 07777, 0755U) << "a parent the archive left out";
    EXPECT_EQ(stat_of("etc").st_mode & 07777, 0750U);
    EXPECT_EQ(stat_of("etc").st_mtime, 1'600'000'000) << "set after the files in it";
    EXPECT_EQ(stat_of(".").st_mode & 07777, 0751U);
    char target[100] = {};
    ASSERT_GT(::readlink(in_layer("etc/link").c_str(), target, sizeof(target) - 1), 0);
    EXPECT_STREQ(target, "../../../canary/file");
}

TEST_F(ArchiveCorpus, NamesThatLeaveTheLayerAreRefused) {
    for (const char* name : {"../canary/file", "a/../../canary/file", "/etc/slipway-canary", "//", "..", "a/.."}) {
        SCOPED_TRACE(name);
        expect_refused(TarBuilder().file(name).finish(), std::string("archive member '") + name);
    }
    expect_refused(TarBuilder().file("").finish(), "empty name");
    expect_refused(TarBuilder().file(std::string(256, 'n')).finish(), "name too long");
    expect_refused(TarBuilder().file(std::string(4096, 'n')).finish(), "name too long");
    std::string deep;
    for (int i = 0; i < 10'000; ++i) deep += "d/";
    expect_refused(TarBuilder().dir(deep).finish(), "name too long");
    expect_refused(TarBuilder().add({.name = "ok", .pax = {{"path", "../canary/file"}}}).finish(), "'..'");
}

TEST_F(ArchiveCorpus, RefusalNamesTheMemberAsResource) {
    const auto members = unpack(TarBuilder().file("fine").file("../canary/evil\x1b").finish());
    ASSERT_FALSE(members.has_value());
    EXPECT_EQ(members.error().resource(), "../canary/evil?");
}

TEST_F(ArchiveCorpus, FileThroughALinkStaysInside) {
    const std::string outside = canary();
    ASSERT_TRUE(unpack(
        TarBuilder().symlink("abs", outside).symlink("rel", "../../../.." + outside).file("abs-file", "x").finish()));
    // The link leads to a place that the layer does not have: it is not followed out, and not made up.
    expect_refused(TarBuilder().file("abs/file", "owned").finish(), "abs/file");
    expect_refused(TarBuilder().file("rel/file", "owned").finish(), "rel/file");
    // Where the layer has that place, the file goes there.
    ASSERT_TRUE(unpack(TarBuilder().dir(outside.substr(1)).file("abs/file", "inside").finish()));
    EXPECT_EQ(read_text(in_layer(outside.substr(1) + "/file")), "inside");
}

TEST_F(ArchiveCorpus, LastPartIsNeverFollowed) {
    ASSERT_TRUE(unpack(TarBuilder().symlink("x", canary() + "/file").file("x", "new").finish()));
    EXPECT_EQ(read_text(in_layer("x")), "new");
    EXPECT_TRUE(S_ISREG(stat_of("x").st_mode));
    ASSERT_TRUE(unpack(TarBuilder().symlink("d", canary()).dir("d", 0700).file("d/file", "mine").finish()));
    EXPECT_TRUE(S_ISDIR(stat_of("d").st_mode));
    EXPECT_EQ(read_text(in_layer("d/file")), "mine");
}

TEST_F(ArchiveCorpus, HardLinksEndInsideAndAreNotFollowed) {
    expect_refused(TarBuilder().hard_link("h", "/etc/shadow").finish(), "hard link");
    expect_refused(TarBuilder().hard_link("h", "../canary/file").finish(), "hard link");
    expect_refused(TarBuilder().hard_link("h", "later").file("later").finish(), "not in the layer");
    expect_refused(TarBuilder().hard_link("h", "h").finish(), "itself");
    expect_refused(TarBuilder().dir("dir").hard_link("h", "dir").finish(), "directory");
    expect_refused(TarBuilder().symlink("out", canary()).hard_link("h", "out/file").finish(), "not in the layer");
    ASSERT_TRUE(unpack(TarBuilder().symlink("s", canary() + "/file").hard_link("t", "s").finish()));
    EXPECT_TRUE(S_ISLNK(stat_of("t").st_mode)) << "a link to the link itself";
}

TEST_F(ArchiveCorpus, LinkLoopsAreRefused) {
    expect_refused(TarBuilder().symlink("a", "b").symlink("b", "a").file("a/x").finish(), "a/x");
}

TEST_F(ArchiveCorpus, LaterMembersReplaceEarlierOnes) {
    ASSERT_TRUE(unpack(TarBuilder()
                           .dir("a")
                           .file("a/one")
                           .file("a/two")
                           .file("a", "now a file")
                           .file("b", "file")
                           .dir("b")
                           .file("b/in", "in")
                           .symlink("b", "a")
                           .dir("b")
                           .file("b/in", "again")
                           .dir("keep")
                           .file("keep/x")
                           .dir("keep", 0700)
                           .finish()));
    EXPECT_EQ(read_text(in_layer("a")), "now a file");
    EXPECT_EQ(read_text(in_layer("b/in")), "again");
    EXPECT_TRUE(exists("keep/x")) << "a directory that comes twice keeps its content";
    EXPECT_EQ(stat_of("keep").st_mode & 07777, 0700U);
    TarBuilder many;
    for (int i = 0; i < 2000; ++i) many.file("same", std::to_string(i));
    ASSERT_TRUE(unpack(many.finish()));
    EXPECT_EQ(read_text(in_layer("same")), "1999");
}

TEST_F(ArchiveCorpus, ReplacedDirectoryIsNotReachedThroughTheOldName) {
    // "p" is a directory, then a link to "q": what follows must go through the link, not into the old directory.
    ASSERT_TRUE(unpack(
        TarBuilder().dir("q").dir("p").file("p/1").symlink("p", "q").file("p/2", "via link").file("q/3").finish()));
    EXPECT_EQ(read_text(in_layer("q/2")), "via link");
    EXPECT_FALSE(exists("q/1"));
}

TEST_F(ArchiveCorpus, OddNamesAreKeptByteForByte) {
    const std::string latin1 = "caf\xe9";
    const std::string utf8 = "caf\xc3\xa9";
    const std::string long_utf8 = utf8 + std::string(150, 'l');  // needs a pax header
    ASSERT_TRUE(unpack(TarBuilder()
                           .file(latin1)
                           .file(utf8)
                           .file(long_utf8)
                           .file("a\\b")
                           .file("C:stream")
                           .file("new\nline")
                           .add({.name = "x", .pax = {{"path", utf8 + "-pax"}}})
                           .finish()));
    for (const std::string& name : {latin1, utf8, long_utf8, utf8 + "-pax", std::string("a\\b"),
                                    std::string("C:stream"), std::string("new\nline")}) {
        EXPECT_TRUE(exists(name)) << name;
    }
}

TEST_F(ArchiveCorpus, FifoIsMadeAndNeverOpened) {
    ASSERT_TRUE(unpack(TarBuilder().add({.name = "pipe", .type = '6', .mode = 0620}).finish()));
    EXPECT_TRUE(S_ISFIFO(stat_of("pipe").st_mode));
    EXPECT_EQ(stat_of("pipe").st_mode & 07777, 0620U);
    ASSERT_TRUE(unpack(TarBuilder().file("pipe", "file").finish()));
    EXPECT_EQ(read_text(in_layer("pipe")), "file");
}

TEST_F(ArchiveCorpus, DevicesAreRefusedWithoutPrivilege) {
    limits_.privileged = false;
    const auto members = unpack(TarBuilder().add({.name = "mem", .type = '3', .major = 1, .minor = 1}).finish());
    ASSERT_FALSE(members.has_value());
    EXPECT_EQ(members.error().code(), ErrorCode::kPermissionDenied);
    EXPECT_FALSE(exists("mem"));
}

TEST_F(ArchiveCorpus, WhiteoutsOfParentsAreRefused) {
    for (const char* name : {".wh.", ".wh..", ".wh...", "dir/.wh..."}) {
        SCOPED_TRACE(name);
        expect_refused(TarBuilder().file(name, "").finish(), "whiteout of nothing");
    }
}

TEST_F(ArchiveCorpus, OwnersAndTimesOutOfRange) {
    expect_refused(TarBuilder().add({.name = "u", .uid = 0xFFFFFFFF}).finish(), "owner out of range");
    expect_refused(TarBuilder().add({.name = "u", .gid = uint64_t{1} << 32}).finish(), "owner out of range");
    ASSERT_TRUE(unpack(TarBuilder()
                           .add({.name = "old", .pax = {{"mtime", "-5000000000.5"}}})
                           .add({.name = "far", .pax = {{"mtime", "9223372036854775807"}}})
                           .finish()));
    EXPECT_TRUE(exists("old"));
    EXPECT_TRUE(exists("far"));
}

TEST_F(ArchiveCorpus, SizesAreBounded) {
    limits_.max_total_bytes = 1000;
    expect_refused(TarBuilder().file("a", std::string(600, 'x')).file("b", std::string(600, 'x')).finish(),
                   "too large");
    limits_ = default_import_limits();
    limits_.max_entries = 3;
    expect_refused(TarBuilder().file("1").file("2").file("3").file("4").finish(), "too many members");
    limits_ = default_import_limits();
    const std::string huge =
        TarBuilder::header_block({.name = "huge"}, std::string("\x80\0\0\0\x01", 5) + std::string(7, '\0'));
    expect_refused(huge + std::string(2048, '\0'), "");
    const std::string negative = TarBuilder::header_block({.name = "neg"}, std::string(12, '\xff'));
    expect_refused(negative + std::string(2048, '\0'), "");
}

TEST_F(ArchiveCorpus, HugeHeadersEndEarly) {
    limits_.max_header_bytes = 256 << 10;
    expect_refused(TarBuilder().add({.name = "x", .pax = {{"comment", std::string(8 << 20, 'c')}}}).finish(), "");
    // Below what libarchive itself takes for too much: the limit is ours.
    expect_refused(TarBuilder().add({.name = "x", .pax = {{"comment", std::string(700 << 10, 'c')}}}).finish(),
                   "a member's header is too large");
    limits_ = default_import_limits();
    EXPECT_TRUE(unpack(TarBuilder().add({.name = "x", .pax = {{"comment", std::string(700 << 10, 'c')}}}).finish()));
}

TEST_F(ArchiveCorpus, SparseFilesStaySparseAndBounded) {
    // GNU sparse 1.0: the map is in front of the data.
    std::string map = "1\n1048576\n4\n";
    map.resize(512, '\0');
    const auto sparse = [&](const std::string& real_size) {
        return TarBuilder()
            .add({.name = "GNUSparseFile.0/s",
                  .data = map + "tail",
                  .pax = {{"GNU.sparse.major", "1"},
                          {"GNU.sparse.minor", "0"},
                          {"GNU.sparse.name", "s"},
                          {"GNU.sparse.realsize", real_size}}})
            .finish();
    };
    ASSERT_TRUE(unpack(sparse("1048580")));
    EXPECT_EQ(stat_of("s").st_size, 1048580);
    EXPECT_LT(stat_of("s").st_blocks, 64);
    EXPECT_EQ(read_text(in_layer("s")).substr(1048576), "tail");
    expect_refused(sparse("1099511627776000"), "too large");
    expect_refused(sparse("100"), "outside of the file");
}

TEST_F(ArchiveCorpus, EveryCutIsNoticed) {
    const TarBuilder tar = TarBuilder()
                               .dir("d")
                               .file("d/f", std::string(1500, 'f'))
                               .add({.name = "x", .data = "pax", .pax = {{"path", "d/" + std::string(200, 'p')}}})
                               .symlink("d/s", "f");
    const std::string whole = tar.open_end();
    for (size_t cut = 0; cut <= whole.size(); cut += 256) {
        const auto members = unpack(whole.substr(0, cut));
        ASSERT_FALSE(members.has_value()) << "cut at " << cut;
        EXPECT_EQ(members.error().code(), ErrorCode::kInvalidArgument) << cut << members.error().message();
    }
    EXPECT_TRUE(unpack(tar.finish()));
    EXPECT_TRUE(unpack(whole + std::string(512, '\0'))) << "one block of zeros ends an archive";
}

TEST_F(ArchiveCorpus, WhatIsNoTarIsRefused) {
    for (const std::string& bytes : {std::string(), std::string("hello"), std::string(5000, 'x'),
                                     std::string("\x1f\x8b\x08\0\0\0\0\0", 8), std::string("{\"a\":1}")}) {
        expect_refused(bytes, "archive");
    }
    const auto empty = unpack(TarBuilder().finish());
    ASSERT_TRUE(empty.has_value()) << empty.error().message();
    EXPECT_EQ(*empty, 0U);
}

TEST_F(ArchiveCorpus, SourceIsReadToItsEndInAnyPieces) {
    const std::string tar =
        TarBuilder().dir("d").file("d/f", std::string(3000, 'z')).finish() + std::string(9216, '\0');
    for (const size_t piece : {size_t{1}, size_t{7}, size_t{511}, size_t{100'000}}) {
        StringSource source(tar, piece);
        ASSERT_TRUE(unpack_layer(layer_.get(), source.get(), limits_, never_stop));
        EXPECT_TRUE(source.at_end());
    }
}

TEST_F(ArchiveCorpus, CancellationAndFailingSourcesEndTheImport) {
    const std::string tar = TarBuilder().file("f", std::string(1 << 20, 'z')).finish();
    int checks = 0;
    StringSource source(tar);
    const auto cancelled = unpack_layer(layer_.get(), source.get(), limits_, [&]() -> Status {
        if (++checks > 4) return Error(ErrorCode::kCancelled, "cancelled");
        return ok();
    });
    ASSERT_FALSE(cancelled.has_value());
    EXPECT_EQ(cancelled.error().code(), ErrorCode::kCancelled);

    const FunctionSource broken([](void*, uint64_t) { return int64_t{-1}; });
    const auto failed = unpack_layer(layer_.get(), broken.get(), limits_, never_stop);
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().code(), ErrorCode::kUnavailable);
}

TEST_F(ArchiveCorpus, UnknownTypeIsAFileAndGlobalHeadersAreSkipped) {
    ASSERT_TRUE(unpack(TarBuilder()
                           .add({.name = "pax_global_header", .type = 'g'})
                           .add({.name = "odd", .type = 'Q'})
                           .file("last")
                           .finish()));
    EXPECT_TRUE(exists("last"));
}

}  // namespace
}  // namespace slipway::linux_backend
