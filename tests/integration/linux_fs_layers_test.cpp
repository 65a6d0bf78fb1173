// Layers on disk: what an import leaves, what a failed one does not, and what root may unpack.
#include "linux_fs_support.hpp"

#include <fs/mounts.hpp>

#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <gmock/gmock.h>

namespace slipway::linux_backend {
namespace {

using namespace testing;  // NOLINT: the fixture's helpers
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LinuxFsLayers : public StoreFixture {
protected:
    struct stat stat_of(const std::string& id, const std::string& name) const {
        struct stat info {};
        EXPECT_EQ(::lstat(diff_path(id, name).c_str(), &info), 0) << name;
        return info;
    }
    std::string xattr_of(const std::string& id, const std::string& name, const char* attribute) const {
        char value[256];
        const ssize_t size = ::lgetxattr(diff_path(id, name).c_str(), attribute, value, sizeof(value));
        return size < 0 ? "" : std::string(value, static_cast<size_t>(size));
    }
};

TEST_F(LinuxFsLayers, ImportStatListRemove) {
    const std::string a = layer_id('a');
    const Result<LayerInfo> imported = import(
        a,
        TarBuilder().dir("d").file("d/f", std::string(1000, 'f')).hard_link("d/g", "d/f").file("e", "12345").finish());
    ASSERT_TRUE(imported.has_value()) << imported.error().message();
    EXPECT_EQ(imported->size_bytes, 1005U);
    EXPECT_EQ(imported->entry_count, 4U);

    reopen();
    EXPECT_EQ(store_->stat(a)->size_bytes, 1005U);
    EXPECT_EQ(store_->stat(a)->entry_count, 4U);
    EXPECT_THAT(*store_->list(), ElementsAre(a));
    struct stat info {};
    ASSERT_EQ(::stat((dir_ / "data/layers").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0700U) << "nobody else may walk into the layers";

    ASSERT_TRUE(store_->remove(a));
    ASSERT_TRUE(store_->remove(a)) << "gone already is success";
    EXPECT_THAT(on_disk(), IsEmpty());
    EXPECT_EQ(store_->stat(a).error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(store_->stat(a).error().resource(), a);
    EXPECT_EQ(store_->open_diff(a).error().code(), ErrorCode::kNotFound);
}

TEST_F(LinuxFsLayers, IdsAreCheckedBeforeAnyPathIsMade) {
    for (const std::string& id : {std::string("../x"), std::string(63, 'a'), std::string(64, 'A'), std::string()}) {
        EXPECT_EQ(store_->stat(id).error().code(), ErrorCode::kInvalidArgument) << id;
        EXPECT_EQ(import(id, TarBuilder().finish()).error().code(), ErrorCode::kInvalidArgument) << id;
        EXPECT_EQ(store_->remove(id).error().code(), ErrorCode::kInvalidArgument) << id;
    }
}

TEST_F(LinuxFsLayers, ExistingLayerIsKeptAndTheSourceNotRead) {
    must_import(layer_id('a'), TarBuilder().file("f", "first"));
    StringSource source(TarBuilder().file("f", "second").finish());
    ASSERT_TRUE(import_layer(*store_, layer_id('a'), source.get(), default_import_limits(), never_stop));
    EXPECT_EQ(source.position(), 0U);
    EXPECT_EQ(read_text(diff_path(layer_id('a'), "f")), "first");
}

TEST_F(LinuxFsLayers, FailedImportLeavesNothing) {
    const size_t before = open_descriptors();
    const std::string good = TarBuilder().dir("d").file("d/f", std::string(100'000, 'x')).open_end();
    for (const std::string& tar :
         {good + TarBuilder().file("../out").finish(), good, good.substr(0, 50'000), std::string("no tar at all")}) {
        EXPECT_EQ(import(layer_id('b'), tar).error().code(), ErrorCode::kInvalidArgument);
        EXPECT_THAT(on_disk(), IsEmpty());
    }
    EXPECT_LE(open_descriptors(), before + 1) << "the store keeps its directory open, and nothing else";
}

TEST_F(LinuxFsLayers, OrphansOfACrashAreRemovedOnFirstUse) {
    ASSERT_TRUE(make_dirs(dir_ / "data/layers/.tmp-7/diff/deep", 0755));
    write_text(dir_ / "data/layers/.tmp-7/diff/deep/file", "half");
    reopen();
    EXPECT_THAT(*store_->list(), IsEmpty());
    EXPECT_THAT(on_disk(), IsEmpty());
}

TEST_F(LinuxFsLayers, DamagedMetaIsDataLoss) {
    must_import(layer_id('a'), TarBuilder().file("f"));
    write_text(dir_ / "data/layers/" + layer_id('a') + "/meta", "{\"size\": -1}");
    EXPECT_EQ(store_->stat(layer_id('a')).error().code(), ErrorCode::kDataLoss);
}

TEST_F(LinuxFsLayers, SameLayerTwiceAtOnceEndsAsOne) {
    const std::string tar = TarBuilder().file("f", std::string(200'000, 'x')).finish();
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            if (import(layer_id('c'), tar)) ++good;
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(good, 4);
    EXPECT_THAT(on_disk(), ElementsAre(layer_id('c')));
}

TEST_F(LinuxFsLayers, FullDiskIsResourceExhaustedAndLeavesNothing) {
    MountPlan plan;
    plan.target = "/unused";
    plan.limit_bytes = 4 << 20;
    plan.mode = 0700;
    const Result<PreparedMount> small = prepare_mount(plan);
    ASSERT_TRUE(small.has_value()) << small.error().message();
    const std::string root = "/proc/self/fd/" + std::to_string(small->tree.get());
    LayerStore store(root);
    StringSource fits(TarBuilder().file("f", std::string(1 << 20, 'x')).finish());
    ASSERT_TRUE(import_layer(store, layer_id('a'), fits.get(), default_import_limits(), never_stop));

    StringSource large(TarBuilder().dir("d").file("d/f", std::string(8 << 20, 'x')).finish());
    const Result<LayerInfo> full = import_layer(store, layer_id('b'), large.get(), default_import_limits(), never_stop);
    ASSERT_FALSE(full.has_value());
    EXPECT_EQ(full.error().code(), ErrorCode::kResourceExhausted) << full.error().message();
    EXPECT_EQ(full.error().os().code, ENOSPC);
    EXPECT_THAT(*store.list(), ElementsAre(layer_id('a')));
    const UniqueFd layers(::openat(small->tree.get(), "layers", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_THAT(*read_names(layers.get()), ElementsAre(layer_id('a')));
}

TEST_F(LinuxFsLayers, OwnersSetuidAndCapabilitiesSurvive) {
    // struct vfs_cap_data, revision 2: CAP_NET_RAW permitted, effective.
    const std::string capability("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
                                 20);
    must_import(layer_id('a'), TarBuilder()
                                   .add({.name = "su", .mode = 06755, .uid = 1000, .gid = 2000})
                                   .add({.name = "ping",
                                         .uid = 1000,
                                         .pax = {{"SCHILY.xattr.security.capability", capability},
                                                 {"SCHILY.xattr.user.note", "kept"},
                                                 {"SCHILY.xattr.trusted.overlay.opaque", "y"},
                                                 {"SCHILY.xattr.trusted.overlay.redirect", "/etc"}}})
                                   .add({.name = "link", .type = '2', .link = "su", .uid = 5, .gid = 6})
                                   .add({.name = "big", .type = '5', .uid = 4'000'000'000, .gid = 4'000'000'000}));
    EXPECT_EQ(stat_of(layer_id('a'), "su").st_mode & 07777, 06755U);
    EXPECT_EQ(stat_of(layer_id('a'), "su").st_uid, 1000U);
    EXPECT_EQ(stat_of(layer_id('a'), "su").st_gid, 2000U);
    EXPECT_EQ(stat_of(layer_id('a'), "link").st_uid, 5U);
    EXPECT_EQ(stat_of(layer_id('a'), "big").st_uid, 4'000'000'000U);
    EXPECT_EQ(xattr_of(layer_id('a'), "ping", "security.capability"), capability);
    EXPECT_EQ(xattr_of(layer_id('a'), "ping", "user.note"), "kept");
    EXPECT_EQ(xattr_of(layer_id('a'), "ping", "trusted.overlay.opaque"), "");
    EXPECT_EQ(xattr_of(layer_id('a'), "ping", "trusted.overlay.redirect"), "");
}

TEST_F(LinuxFsLayers, BadCapabilityIsTheArchivesFault) {
    const auto info = import(
        layer_id('a'), TarBuilder().add({.name = "f", .pax = {{"SCHILY.xattr.security.capability", "junk"}}}).finish());
    ASSERT_FALSE(info.has_value());
    EXPECT_EQ(info.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(info.error().resource(), "f");
}

TEST_F(LinuxFsLayers, DevicesAreMadeWithNumberModeAndOwner) {
    must_import(layer_id('a'), TarBuilder()
                                   .add({.name = "null", .type = '3', .mode = 0666, .gid = 5, .major = 1, .minor = 3})
                                   .add({.name = "loop", .type = '4', .mode = 0660, .major = 7, .minor = 300}));
    const struct stat null = stat_of(layer_id('a'), "null");
    EXPECT_TRUE(S_ISCHR(null.st_mode));
    EXPECT_EQ(null.st_mode & 07777, 0666U);
    EXPECT_EQ(null.st_gid, 5U);
    EXPECT_EQ(null.st_rdev, ::makedev(1, 3));
    EXPECT_TRUE(S_ISBLK(stat_of(layer_id('a'), "loop").st_mode));
    EXPECT_EQ(stat_of(layer_id('a'), "loop").st_rdev, ::makedev(7, 300));
}

TEST_F(LinuxFsLayers, WhiteoutsBecomeOverlaysOwn) {
    must_import(layer_id('a'), TarBuilder()
                                   .file("d/.wh.gone", "")
                                   .dir("o")
                                   .file("o/.wh..wh..opq", "")
                                   .file("o/new")
                                   .file(".wh..wh.plnk", "")
                                   .file("both")
                                   .file(".wh.both", "")
                                   .file(".wh.remade", "")
                                   .dir("remade"));
    EXPECT_TRUE(S_ISCHR(stat_of(layer_id('a'), "d/gone").st_mode));
    EXPECT_EQ(stat_of(layer_id('a'), "d/gone").st_rdev, 0U);
    EXPECT_EQ(xattr_of(layer_id('a'), "o", "trusted.overlay.opaque"), "y");
    EXPECT_TRUE(S_ISREG(stat_of(layer_id('a'), "both").st_mode)) << "a whiteout speaks of the layers below only";
    EXPECT_EQ(xattr_of(layer_id('a'), "remade", "trusted.overlay.opaque"), "y");
    struct stat info {};
    EXPECT_NE(::lstat(diff_path(layer_id('a'), ".wh..wh.plnk").c_str(), &info), 0);
    EXPECT_NE(::lstat(diff_path(layer_id('a'), "o/.wh..wh..opq").c_str(), &info), 0);
}

}  // namespace
}  // namespace slipway::linux_backend
