// mounts.cpp - executes the plan's file system operations in order. Each mount is made detached and moved onto a
// descriptor, so no path is looked up twice.
#include <errno.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "child.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

constexpr unsigned kAttach = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;

uint64_t resolve_of(const PlanOp& op) {
    return (op.flags & kOpNoSymlinks) != 0 ? RESOLVE_NO_SYMLINKS : 0;
}

// The mount point, made when missing; checked to be of the kind the mount needs.
int open_target(ChildContext& c, const PlanOp& op) {
    const char* target = c.plan.text(op.target);
    const bool want_directory = (op.flags & kOpFileTarget) == 0;
    ScopedFd fd{make_in_root(c, target, want_directory, resolve_of(op))};
    if (!fd) {
        if (errno == ENOTDIR) {
            fail(c.failure, FailureKind::kMountType, "mount", target);
        } else {
            fail(c.failure, "mount", target);
        }
        return -1;
    }
    struct stat info {};
    struct statfs where {};
    if (fstat(fd.get(), &info) != 0 || fstatfs(fd.get(), &where) != 0) {
        fail(c.failure, "mount", target);
        return -1;
    }
    if (S_ISDIR(info.st_mode) != want_directory) {
        errno = ENOTDIR;
        fail(c.failure, FailureKind::kMountType, "mount", target);
        return -1;
    }
    // Labels and masks must go to the real procfs: nothing may be mounted over parts of it but a short list of files.
    if (where.f_type == PROC_SUPER_MAGIC && (op.flags & (kOpOnProc | kOpIsProc)) == 0) {
        errno = EPERM;
        fail(c.failure, FailureKind::kPolicy, "mount", target, "mounts inside /proc are not allowed");
        return -1;
    }
    return fd.release();
}

// A new file system, detached. -1 with errno.
int make_filesystem(ChildContext& c, const PlanOp& op) {
    if ((op.flags & kOpIsProc) != 0 && c.proc >= 0) return c.proc;
    const ScopedFd context{fsopen(c.plan.text(op.source), FSOPEN_CLOEXEC)};
    if (!context) return -1;
    // What inspect tools see as the source, as mount(8) would have it.
    (void)fsconfig(context.get(), FSCONFIG_SET_STRING, "source", c.plan.text(op.source), 0);
    for (uint32_t i = 0; i < op.options.count; ++i) {
        const auto& option = c.plan.at<PlanOption>(op.options, i);
        const char* key = c.plan.text(option.key);
        const int set = option.has_value != 0
                            ? fsconfig(context.get(), FSCONFIG_SET_STRING, key, c.plan.text(option.value), 0)
                            : fsconfig(context.get(), FSCONFIG_SET_FLAG, key, nullptr, 0);
        if (set != 0) return -1;
    }
    if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return -1;
    return fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(op.attr_set));
}

bool set_attributes(int fd, const PlanOp& op, uint64_t set, uint64_t clear) {
    mount_attr attributes{};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    attributes.propagation = op.propagation;
    if (set == 0 && clear == 0 && op.propagation == 0) return true;
    const unsigned flags = AT_EMPTY_PATH | ((op.flags & kOpRecursive) != 0 ? AT_RECURSIVE : 0);
    return mount_setattr(fd, "", flags, &attributes, sizeof(attributes)) == 0;
}

bool attach_filesystem(ChildContext& c, const PlanOp& op) {
    const char* target = c.plan.text(op.target);
    const ScopedFd point{open_target(c, op)};
    if (!point) return false;
    const int tree = make_filesystem(c, op);
    if (tree < 0) {
        if ((op.flags & kOpOptional) != 0 && errno == ENODEV) return true;
        return fail(c.failure, "mount", target);
    }
    if (move_mount(tree, "", point.get(), "", kAttach) != 0 || !set_attributes(tree, op, 0, 0)) {
        return fail(c.failure, "mount", target);
    }
    if ((op.flags & kOpIsProc) != 0 && c.proc < 0) c.proc = tree;
    if ((op.flags & kOpIsDevpts) != 0) c.devpts = tree;
    if (tree != c.proc && tree != c.devpts) close(tree);
    return true;
}

bool attach_tree(ChildContext& c, const PlanOp& op) {
    const char* target = c.plan.text(op.target);
    const ScopedFd point{open_target(c, op)};
    if (!point) return false;
    const int tree = c.fd(op.fd);
    if (move_mount(tree, "", point.get(), "", kAttach) != 0) return fail(c.failure, "move_mount", target);
    // Attributes only now: propagation of a detached tree cannot be changed on older kernels.
    if (!set_attributes(tree, op, op.attr_set, op.attr_clear)) return fail(c.failure, "mount_setattr", target);
    return true;
}

bool change_attributes(ChildContext& c, const PlanOp& op) {
    const char* target = c.plan.text(op.target);
    const ScopedFd point{open_in_root(c, target, O_PATH, resolve_of(op))};
    if (!point || !set_attributes(point.get(), op, op.attr_set, op.attr_clear)) {
        return fail(c.failure, "mount_setattr", target);
    }
    return true;
}

bool make_device(ChildContext& c, const PlanOp& op) {
    const char* target = c.plan.text(op.target);
    const char* leaf = nullptr;
    const ScopedFd parent{open_parent(c, target, resolve_of(op), &leaf)};
    if (!parent) return fail(c.failure, "mknod", target);
    if (mknodat(parent.get(), leaf, op.mode, makedev(op.major, op.minor)) != 0) {
        if (errno == EEXIST) return true;  // a user's mount brought it
        return fail(c.failure, "mknod", target);
    }
    if (op.uid != 0 || op.gid != 0) {
        if (fchownat(parent.get(), leaf, op.uid, op.gid, AT_SYMLINK_NOFOLLOW) != 0)
            return fail(c.failure, "chown", target);
    }
    return true;
}

// In a user name space nobody may make device nodes. The host's root has made them where the base name space was
// copied from (user_namespace.cpp), named by their place in the plan.
bool bind_device(ChildContext& c, const PlanOp& op, uint32_t index) {
    const char* target = c.plan.text(op.target);
    const char* leaf = nullptr;
    const ScopedFd parent{open_parent(c, target, resolve_of(op), &leaf)};
    if (!parent) return fail(c.failure, "bind device", target);
    const ScopedFd file{openat(parent.get(), leaf, O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file && errno == EEXIST) return true;  // a user's mount brought it
    FixedText<32> name;
    name.add("dev/").add_number(index);
    const ScopedFd node{open_tree(c.base_root, name.get(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW)};
    if (!file || !node || move_mount(node.get(), "", file.get(), "", kAttach) != 0) {
        return fail(c.failure, "bind device", target);
    }
    return true;
}

bool make_link(ChildContext& c, const PlanOp& op) {
    const char* target = c.plan.text(op.target);
    const char* leaf = nullptr;
    const ScopedFd parent{open_parent(c, target, resolve_of(op), &leaf)};
    if (!parent) return fail(c.failure, "symlink", target);
    if (symlinkat(c.plan.text(op.source), parent.get(), leaf) != 0 && errno != EEXIST) {
        return fail(c.failure, "symlink", target);
    }
    return true;
}

bool run_op(ChildContext& c, const PlanOp& op, uint32_t index) {
    switch (op.kind) {
        case OpKind::kFilesystem:
            return attach_filesystem(c, op);
        case OpKind::kTree:
            return attach_tree(c, op);
        case OpKind::kSetAttributes:
            return change_attributes(c, op);
        case OpKind::kDevice:
            return c.plan.header().user_namespace == kNoFd ? make_device(c, op) : bind_device(c, op, index);
        case OpKind::kLink:
            return make_link(c, op);
    }
    errno = EINVAL;
    return fail(c.failure, "run operation", c.plan.text(op.target));
}

}  // namespace

bool run_ops(ChildContext& c) {
    const ListRef list = c.plan.header().ops;
    for (uint32_t i = 0; i < list.count; ++i) {
        if (!run_op(c, c.plan.at<PlanOp>(list, i), i)) return false;
    }
    return true;
}

}  // namespace slipway::supervisor
