// protect.cpp - masked paths (nothing to read there) and read-only paths.
#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "child.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

constexpr unsigned kAttach = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;

// A clone of a part of the base tmpfs, which the container never could touch.
int clone_base(const ChildContext& c, const char* name) {
    return open_tree(c.base_root, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
}

bool is_null_device(int fd) {
    struct stat info {};
    return fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3);
}

bool is_absent(int err) {
    return err == ENOENT || err == ENOTDIR;
}

bool mask(ChildContext& c, const char* path) {
    const ScopedFd point{open_in_root(c, path, O_PATH)};
    if (!point) return is_absent(errno) || fail(c.failure, "mask", path);
    struct stat info {};
    if (fstat(point.get(), &info) != 0) return fail(c.failure, "mask", path);

    const bool directory = S_ISDIR(info.st_mode);
    const ScopedFd cover{clone_base(c, directory ? "empty" : "null")};
    if (!cover) return fail(c.failure, "mask", path);
    if (!directory && !is_null_device(cover.get())) {
        errno = EPERM;
        return fail(c.failure, FailureKind::kPolicy, "mask", path, "the mask is not the null device");
    }
    if (move_mount(cover.get(), "", point.get(), "", kAttach) != 0) return fail(c.failure, "mask", path);
    return true;
}

bool make_read_only(ChildContext& c, const char* path) {
    const ScopedFd point{open_in_root(c, path, O_PATH)};
    if (!point) return is_absent(errno) || fail(c.failure, "read-only", path);
    const ScopedFd tree{open_tree(point.get(), "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)};
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    if (!tree || mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) != 0 ||
        move_mount(tree.get(), "", point.get(), "", kAttach) != 0) {
        return fail(c.failure, "read-only", path);
    }
    return true;
}

}  // namespace

bool protect_paths(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    for (uint32_t i = 0; i < h.read_only.count; ++i) {
        if (!make_read_only(c, c.plan.text(c.plan.at<TextRef>(h.read_only, i)))) return false;
    }
    for (uint32_t i = 0; i < h.masked.count; ++i) {
        if (!mask(c, c.plan.text(c.plan.at<TextRef>(h.masked, i)))) return false;
    }
    return true;
}

}  // namespace slipway::supervisor
