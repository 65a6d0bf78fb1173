// Root file systems: layers seen through a detached overlay, on every way to make one, and what changed in it.
#include <tree/tree.hpp>
#include "chroot_support.hpp"
#include "linux_fs_support.hpp"

#include <fs/overlay_mount.hpp>
#include <fs/overlay_root.hpp>
#include <process/user_namespace.hpp>
#include <sys/file_owner.hpp>
#include <sys/mount_api.hpp>
#include <sys/own_thread.hpp>

#include <seccomp.h>
#include <sys/syscall.h>

#include <gmock/gmock.h>

namespace slipway::linux_backend {
namespace {

using namespace testing;  // NOLINT: the fixture's helpers
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LinuxFsOverlay : public StoreFixture {
protected:
    OverlayRoot root() { return OverlayRoot(*store_, dir_ / "container"); }

    void import_three() {
        must_import(layer_id('a'), TarBuilder()
                                       .dir("etc")
                                       .file("etc/base", "from a")
                                       .file("etc/shared", "a's")
                                       .dir("old")
                                       .file("old/gone")
                                       .dir("hidden")
                                       .file("hidden/below"));
        must_import(layer_id('b'), TarBuilder()
                                       .file("etc/shared", "b's")
                                       .file(".wh.old", "")
                                       .dir("hidden")
                                       .file("hidden/.wh..wh..opq", "")
                                       .file("hidden/above", "from b"));
        must_import(layer_id('c'), TarBuilder().file("etc/top", "from c").symlink("abs", "/etc/top"));
    }
    std::vector<std::string> three() const { return {layer_id('a'), layer_id('b'), layer_id('c')}; }

    // `count` layers, each with a file of its own and its number in "who".
    std::vector<std::string> import_many(int count) {
        std::vector<std::string> ids;
        for (int i = 1; i <= count; ++i) {
            ids.push_back(layer_id(i));
            must_import(ids.back(),
                        TarBuilder().file("f" + std::to_string(i), std::to_string(i)).file("who", std::to_string(i)));
        }
        return ids;
    }

    static void expect_three(int tree) {
        EXPECT_EQ(read_at(tree, "etc/base"), "from a");
        EXPECT_EQ(read_at(tree, "etc/shared"), "b's");
        EXPECT_EQ(read_at(tree, "etc/top"), "from c");
        EXPECT_EQ(read_at(tree, "hidden/above"), "from b");
        EXPECT_EQ(read_at(tree, "hidden/below"), "<No such file or directory>");
        EXPECT_EQ(read_at(tree, "old/gone"), "<No such file or directory>");
    }
    static void expect_many(int tree, int count) {
        EXPECT_EQ(read_at(tree, "who"), std::to_string(count)) << "the last layer is on top";
        for (int i = 1; i <= count; ++i) EXPECT_EQ(read_at(tree, "f" + std::to_string(i)), std::to_string(i));
    }

    // What OverlayRoot::mount() hands to mount_overlay().
    struct Opened {
        std::vector<UniqueFd> layers;
        UniqueFd base, upper, work;
        OverlayParts parts;
    };
    Opened open_parts(const std::vector<std::string>& ids) {
        EXPECT_TRUE(root().create(ids));
        Opened opened;
        for (const std::string& id : ids) {
            opened.layers.push_back(std::move(*store_->open_diff(id)));
            opened.parts.lower.push_back(opened.layers.back().get());
        }
        opened.base = std::move(*open_dir(dir_ / "container"));
        opened.upper = std::move(*open_dir(dir_ / "container/upper"));
        opened.work = std::move(*open_dir(dir_ / "container/work"));
        opened.parts.base = opened.base.get();
        opened.parts.upper = opened.upper.get();
        opened.parts.work = opened.work.get();
        return opened;
    }
};

TEST_F(LinuxFsOverlay, ThreeLayersSeenThroughTheDetachedMount) {
    import_three();
    ASSERT_TRUE(root().create(three()));
    const size_t before = open_descriptors();
    {
        Result<UniqueFd> tree = root().mount(three());
        ASSERT_TRUE(tree.has_value()) << tree.error().message();
        expect_three(tree->get());
        EXPECT_EQ(write_at(tree->get(), "etc/base", "changed"), 0);
        EXPECT_EQ(read_at(tree->get(), "etc/base"), "changed");
        EXPECT_FALSE(in_mount_table(tree->get()));
        EXPECT_FALSE(host_mounts_mention(dir_.path()));
        EXPECT_EQ(open_descriptors(), before + 1) << "the tree and nothing else";
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(read_text(diff_path(layer_id('a'), "etc/base")), "from a") << "the layer itself never changes";

    const Result<UniqueFd> again = root().mount(three());
    ASSERT_TRUE(again.has_value()) << again.error().message();
    EXPECT_EQ(read_at(again->get(), "etc/base"), "changed") << "what was written is kept";
}

TEST_F(LinuxFsOverlay, TreeCanBeMadeReadOnlyAndAttachedElsewhere) {
    import_three();
    ASSERT_TRUE(root().create(three()));
    Result<UniqueFd> tree = root().mount(three());
    ASSERT_TRUE(tree.has_value());
    const std::string target = dir_ / "target";
    ASSERT_EQ(::mkdir(target.c_str(), 0755), 0);
    in_private_namespace([&] {
        const UniqueFd place(::open(target.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        ASSERT_TRUE(attach_tree(tree->get(), place.get(), target));
        EXPECT_EQ(read_text(target + "/etc/top"), "from c");
        MountAttributes read_only;
        read_only.set = MOUNT_ATTR_RDONLY;
        ASSERT_TRUE(set_mount_attributes(tree->get(), read_only, false, target));
        EXPECT_EQ(write_at(tree->get(), "new", "x"), EROFS);
    });
    EXPECT_FALSE(host_mounts_mention(dir_.path()));
}

TEST_F(LinuxFsOverlay, WithoutLayersTheRootIsTheUpperDirectory) {
    ASSERT_TRUE(root().create({}));
    Result<UniqueFd> tree = root().mount({});
    ASSERT_TRUE(tree.has_value()) << tree.error().message();
    EXPECT_EQ(write_at(tree->get(), "file", "12345"), 0);
    EXPECT_FALSE(in_mount_table(tree->get()));
    EXPECT_EQ(*root().size(never_stop), 5U);
    EXPECT_THAT(*root().changes(never_stop), ElementsAre(RootChange{"/file", ChangeKind::kAdded}));
}

TEST_F(LinuxFsOverlay, MissingLayerIsNamed) {
    import_three();
    ASSERT_TRUE(root().create(three()));
    const size_t before = open_descriptors();
    const Result<UniqueFd> tree = root().mount({layer_id('a'), layer_id('f')});
    ASSERT_FALSE(tree.has_value());
    EXPECT_EQ(tree.error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(tree.error().resource(), layer_id('f'));
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(LinuxFsOverlay, FortyLayers) {
    const std::vector<std::string> ids = import_many(40);
    ASSERT_TRUE(root().create(ids));
    const Result<UniqueFd> tree = root().mount(ids);
    ASSERT_TRUE(tree.has_value()) << tree.error().message();
    expect_many(tree->get(), 40);
}

bool kernel_knows(OverlayMethod method) {
    if (method == OverlayMethod::kDescriptors) return kernel_is_at_least(6, 13);
    return method != OverlayMethod::kLowerPlus || kernel_is_at_least(6, 8);
}

TEST_F(LinuxFsOverlay, EveryMethodGivesTheSameTree) {
    import_three();
    for (const OverlayMethod method : {OverlayMethod::kDescriptors, OverlayMethod::kLowerPlus,
                                       OverlayMethod::kLowerString, OverlayMethod::kPrivateNamespace}) {
        SCOPED_TRACE(static_cast<int>(method));
        const Opened opened = open_parts(three());
        const Result<UniqueFd> tree = mount_overlay_by(method, opened.parts);
        if (!kernel_knows(method)) {
            EXPECT_FALSE(tree.has_value());
            continue;
        }
        ASSERT_TRUE(tree.has_value()) << tree.error().message();
        expect_three(tree->get());
        EXPECT_EQ(write_at(tree->get(), "written", "w"), 0);
        EXPECT_FALSE(in_mount_table(tree->get()));
        EXPECT_FALSE(host_mounts_mention(dir_.path()));
    }
}

struct stat stat_at(int directory, const char* name) {
    struct stat info {};
    EXPECT_EQ(::fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW), 0) << name;
    return info;
}

TEST_F(LinuxFsOverlay, MapsIdsByEachMethodAndKeepsThoseOnDisk) {
    import_three();
    SupervisorProgram program(std::string(tree::kBuild) + "/bin/slipway-supervisor");
    const Result<UserNamespace> users = make_user_namespace(program, {{{0, 100000, 1000}}, {{0, 200000, 1000}}, {}});
    ASSERT_TRUE(users.has_value()) << users.error().message();
    for (const OverlayMethod method : {OverlayMethod::kDescriptors, OverlayMethod::kLowerPlus,
                                       OverlayMethod::kLowerString, OverlayMethod::kPrivateNamespace}) {
        SCOPED_TRACE(static_cast<int>(method));
        if (!kernel_knows(method)) continue;
        Opened opened = open_parts(three());
        opened.parts.user_namespace = users->fd.get();
        opened.parts.root_uid = 100000;
        opened.parts.root_gid = 200000;

        const Result<UniqueFd> tree = mount_overlay_by(method, opened.parts);

        // Before Linux 6.15 overlayfs takes no detached mounts.
        if (!tree && method != OverlayMethod::kPrivateNamespace && tree.error().os().code == EINVAL) continue;
        ASSERT_TRUE(tree.has_value()) << tree.error().message();
        expect_three(tree->get());
        EXPECT_EQ(stat_at(tree->get(), "etc/base").st_uid, 100000U);
        EXPECT_EQ(stat_at(tree->get(), "etc/base").st_gid, 200000U);
        const Status written = on_own_thread([&] {
            Status owner = make_files_as(100007, 200008);
            if (owner) {
                EXPECT_EQ(write_at(tree->get(), "etc/new", "n"), 0);
            }
            return owner;
        });
        EXPECT_TRUE(written.has_value());
        EXPECT_EQ(stat_at(tree->get(), "etc/new").st_uid, 100007U);
        EXPECT_EQ(stat_at(opened.parts.upper, "etc/new").st_uid, 7U);
        EXPECT_EQ(stat_at(opened.parts.upper, "etc/new").st_gid, 8U);
        EXPECT_EQ(stat_at(opened.parts.upper, "etc").st_uid, 0U) << "copied up";
        EXPECT_FALSE(host_mounts_mention(dir_.path()));
    }
}

TEST_F(LinuxFsOverlay, ManyLayersByTheMethodsOfOldKernels) {
    const std::vector<std::string> ids = import_many(40);
    {
        const Opened opened = open_parts(ids);
        const Result<UniqueFd> tree = mount_overlay_by(OverlayMethod::kLowerString, opened.parts);
        ASSERT_FALSE(tree.has_value());
        EXPECT_EQ(tree.error().code(), ErrorCode::kResourceExhausted);
    }
    for (const OverlayMethod method : {OverlayMethod::kLowerPlus, OverlayMethod::kPrivateNamespace}) {
        SCOPED_TRACE(static_cast<int>(method));
        if (!kernel_knows(method)) continue;
        const Opened opened = open_parts(ids);
        const Result<UniqueFd> tree = mount_overlay_by(method, opened.parts);
        ASSERT_TRUE(tree.has_value()) << tree.error().message();
        expect_many(tree->get(), 40);
        EXPECT_FALSE(host_mounts_mention(dir_.path()));
    }
}

[[noreturn]] void mount_in_chroot(const OverlayParts& parts, const std::string& chroot_dir) {
    enter_plain_chroot(chroot_dir);
    const Result<UniqueFd> tree = mount_overlay_by(OverlayMethod::kPrivateNamespace, parts);
    if (!tree) std::fprintf(stderr, "%s\n", tree.error().message().c_str());
    ::_exit(tree ? 0 : 11);
}

TEST_F(LinuxFsOverlay, APrivateNamespaceIsToBeHadInAChroot) {
    import_three();
    const TempDir chroot_dir;
    const Opened opened = open_parts(three());
    EXPECT_EXIT(mount_in_chroot(opened.parts, chroot_dir.path()), ::testing::ExitedWithCode(0), "");
}

// Runs in a child: the filter stays, and what mount_overlay() learns about the kernel as well.
[[noreturn]] void mount_with_call_refused(OverlayRoot root, const std::vector<std::string>& ids, int call, int err,
                                          bool only_set_fd) {
    scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
    const scmp_arg_cmp command = SCMP_A1(SCMP_CMP_EQ, FSCONFIG_SET_FD);
    const auto action = static_cast<uint32_t>(SCMP_ACT_ERRNO(static_cast<unsigned>(err)));
    const int added = only_set_fd ? ::seccomp_rule_add(filter, action, call, 1, command)
                                  : ::seccomp_rule_add(filter, action, call, 0);
    if (added != 0 || ::seccomp_load(filter) != 0) ::_exit(10);
    for (int round = 0; round < 2; ++round) {
        const Result<UniqueFd> tree = root.mount(ids);
        if (!tree) {
            std::fprintf(stderr, "%s\n", tree.error().message().c_str());
            ::_exit(11);
        }
        if (read_at(tree->get(), "who") != std::to_string(ids.size())) ::_exit(12);
    }
    ::_exit(0);
}

TEST_F(LinuxFsOverlay, KernelsWithoutDescriptorsOrTheMountApiAreServed) {
    const std::vector<std::string> ids = import_many(20);
    ASSERT_TRUE(root().create(ids));
    // Linux 6.8 to 6.12: descriptors are EINVAL.
    EXPECT_EXIT(mount_with_call_refused(root(), ids, SCMP_SYS(fsconfig), EINVAL, true), ::testing::ExitedWithCode(0),
                "");
    EXPECT_EXIT(mount_with_call_refused(root(), ids, SCMP_SYS(fsopen), ENOSYS, false), ::testing::ExitedWithCode(0),
                "");
}

TEST_F(LinuxFsOverlay, KernelsReasonIsInTheMessage) {
    Result<FsContext> fs = FsContext::open("overlay");
    ASSERT_TRUE(fs.has_value());
    const Status set = fs->set_string("nonsense", "1");
    if (!kernel_is_at_least(6, 5)) {  // before, options were a text that was read when the mount was made
        EXPECT_TRUE(set.has_value());
        return;
    }
    ASSERT_FALSE(set.has_value());
    EXPECT_EQ(set.error().message(),
              "fsconfig overlay nonsense='1' (overlay: Unknown parameter 'nonsense'): Invalid argument");
}

TEST_F(LinuxFsOverlay, RefusedMountLeavesNoDescriptor) {
    import_three();
    Opened opened = open_parts(three());
    opened.parts.work = opened.parts.upper;  // overlay wants two directories
    const size_t before = open_descriptors();
    EXPECT_FALSE(mount_overlay(opened.parts).has_value());
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(LinuxFsOverlay, CreateIsRepeatableAndRemoveIsComplete) {
    import_three();
    ASSERT_TRUE(root().create(three()));
    write_text(dir_ / "container/work/left-over", "slows down the next mount");
    {
        const Result<UniqueFd> tree = root().mount(three());
        ASSERT_TRUE(tree.has_value());
        EXPECT_EQ(read_text(dir_ / "container/work/left-over"), "");
        ASSERT_TRUE(root().create(three())) << "again, while it is mounted";
        EXPECT_EQ(write_at(tree->get(), "etc/base", "copied up"), 0) << "the live mount still has its work directory";
    }
    ASSERT_TRUE(root().remove());
    ASSERT_TRUE(root().remove());
    const UniqueFd dir(::open((dir_ / "container").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_THAT(*read_names(dir.get()), IsEmpty());
    EXPECT_EQ(*root().size(never_stop), 0U);
}

TEST_F(LinuxFsOverlay, MountWaitsForTheCloseOfTheLast) {
    import_three();
    ASSERT_TRUE(root().create(three()));
    for (int round = 0; round < 10; ++round) {
        Result<UniqueFd> tree = root().mount(three());
        ASSERT_TRUE(tree.has_value()) << tree.error().message();
        ASSERT_EQ(write_at(tree->get(), "round", std::to_string(round)), 0);
        store_->closer().close(std::move(*tree), dir_ / "container");
    }
    store_->closer().flush();
    EXPECT_EQ(read_text(dir_ / "container/upper/round"), "9");
}

TEST_F(LinuxFsOverlay, SizeCountsWhatTheContainerWrote) {
    import_three();
    ASSERT_TRUE(root().create(three()));
    EXPECT_EQ(*root().size(never_stop), 0U);
    const Result<UniqueFd> tree = root().mount(three());
    ASSERT_EQ(write_at(tree->get(), "one", std::string(1000, '1')), 0);
    ASSERT_EQ(::linkat(tree->get(), "one", tree->get(), "again", 0), 0);
    ASSERT_EQ(write_at(tree->get(), "etc/new", "22"), 0);
    EXPECT_EQ(*root().size(never_stop), 1002U);
}

TEST_F(LinuxFsOverlay, ChangesAreListedAsDockerDoes) {
    import_three();
    ASSERT_TRUE(root().create(three()));
    const Result<UniqueFd> tree = root().mount(three());
    ASSERT_TRUE(tree.has_value());
    const int top = tree->get();
    ASSERT_EQ(write_at(top, "etc/base", "other"), 0);  // modified, and its parent with it
    ASSERT_EQ(::unlinkat(top, "etc/shared", 0), 0);    // deleted
    ASSERT_EQ(::mkdirat(top, "new", 0755), 0);         // added, with what is in it
    ASSERT_EQ(write_at(top, "new/file", "x"), 0);
    ASSERT_EQ(write_at(top, "gone-again", "x"), 0);  // nothing stays of it
    ASSERT_EQ(::unlinkat(top, "gone-again", 0), 0);
    ASSERT_EQ(::unlinkat(top, "abs", 0), 0);  // a link becomes a file
    ASSERT_EQ(write_at(top, "abs", "now a file"), 0);
    UniqueFd opened(::openat(top, "etc/top", O_RDWR | O_CLOEXEC));  // copied up, not changed
    opened.reset();

    EXPECT_THAT(
        *root().changes(never_stop),
        ElementsAre(RootChange{"/abs", ChangeKind::kModified}, RootChange{"/etc", ChangeKind::kModified},
                    RootChange{"/etc/base", ChangeKind::kModified}, RootChange{"/etc/shared", ChangeKind::kDeleted},
                    RootChange{"/new", ChangeKind::kAdded}, RootChange{"/new/file", ChangeKind::kAdded}));
}

TEST_F(LinuxFsOverlay, RemadeDirectoryListsWhatItHides) {
    import_three();
    ASSERT_TRUE(root().create(three()));
    EXPECT_THAT(*root().changes(never_stop), IsEmpty());
    const Result<UniqueFd> tree = root().mount(three());
    const int top = tree->get();
    for (const char* name : {"etc/base", "etc/shared", "etc/top"}) ASSERT_EQ(::unlinkat(top, name, 0), 0);
    ASSERT_EQ(::unlinkat(top, "etc", AT_REMOVEDIR), 0);
    EXPECT_THAT(*root().changes(never_stop), ElementsAre(RootChange{"/etc", ChangeKind::kDeleted}));
    // Made again, overlay marks it opaque: the layers' files are gone without a whiteout each.
    ASSERT_EQ(::mkdirat(top, "etc", 0755), 0);
    ASSERT_EQ(write_at(top, "etc/shared", "mine"), 0);
    EXPECT_THAT(
        *root().changes(never_stop),
        ElementsAre(RootChange{"/etc", ChangeKind::kModified}, RootChange{"/etc/base", ChangeKind::kDeleted},
                    RootChange{"/etc/shared", ChangeKind::kModified}, RootChange{"/etc/top", ChangeKind::kDeleted}));
}

TEST_F(LinuxFsOverlay, ChangesRespectWhiteoutsBetweenLayers) {
    import_three();
    ASSERT_TRUE(root().create(three()));
    const Result<UniqueFd> tree = root().mount(three());
    const int top = tree->get();
    // "old" and "hidden/below" exist in the lowest layer only, and are hidden by the one above: they are new here.
    ASSERT_EQ(::mkdirat(top, "old", 0755), 0);
    ASSERT_EQ(write_at(top, "old/gone", "x"), 0);
    ASSERT_EQ(write_at(top, "hidden/below", "x"), 0);
    EXPECT_THAT(
        *root().changes(never_stop),
        ElementsAre(RootChange{"/hidden", ChangeKind::kModified}, RootChange{"/hidden/below", ChangeKind::kAdded},
                    RootChange{"/old", ChangeKind::kAdded}, RootChange{"/old/gone", ChangeKind::kAdded}));
}

}  // namespace
}  // namespace slipway::linux_backend
