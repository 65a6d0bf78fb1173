// stdio.cpp - standard input, output and error, the terminal, and the working directory.
#include <errno.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>

#include "child.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

bool is_devpts(int fd) {
    struct statfs where {};
    return fstatfs(fd, &where) == 0 && where.f_type == DEVPTS_SUPER_MAGIC;
}

// The slave is reached from the master's descriptor: a path could have been swapped (CVE-2025-52565).
int open_terminal(ChildContext& c) {
    const int flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
    c.terminal_master =
        c.devpts >= 0 ? openat(c.devpts, "ptmx", flags) : open_in_root(c, "dev/pts/ptmx", static_cast<uint64_t>(flags));
    if (c.terminal_master < 0 || !is_devpts(c.terminal_master)) return -1;
    int unlocked = 0;
    if (ioctl(c.terminal_master, TIOCSPTLCK, &unlocked) != 0) return -1;
    winsize size{};
    size.ws_row = static_cast<unsigned short>(c.plan.header().tty_rows);
    size.ws_col = static_cast<unsigned short>(c.plan.header().tty_columns);
    if (ioctl(c.terminal_master, TIOCSWINSZ, &size) != 0) return -1;
    return ioctl(c.terminal_master, TIOCGPTPEER, flags);
}

bool bind_console(ChildContext& c, int slave) {
    const ScopedFd point{make_in_root(c, "dev/console", false)};
    const ScopedFd tree{open_tree(slave, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)};
    return point && tree &&
           move_mount(tree.get(), "", point.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

bool use_terminal(ChildContext& c) {
    const ScopedFd slave{open_terminal(c)};
    if (!slave) return fail(c.failure, "open terminal", "/dev/pts/ptmx");
    // /dev/console is the first process' alone.
    if (!c.plan.has(kPlanJoin) && !bind_console(c, slave.get()))
        return fail(c.failure, "bind terminal", "/dev/console");
    if (fchown(slave.get(), c.plan.header().uid, static_cast<gid_t>(-1)) != 0)
        return fail(c.failure, "chown", "terminal");
    if (ioctl(slave.get(), TIOCSCTTY, 0) != 0) return fail(c.failure, "acquire controlling terminal");
    for (int target = 0; target < 3; ++target) {
        if (dup2(slave.get(), target) < 0) return fail(c.failure, "dup2", "terminal");
    }
    return true;
}

// The container's own null device when it is one, else that of the base.
int open_null(const ChildContext& c) {
    const int flags = O_RDWR | O_CLOEXEC;
    ScopedFd mine{open_in_root(c, "dev/null", O_PATH)};
    struct stat info {};
    if (mine && fstat(mine.get(), &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3)) {
        const int fd = open_in_root(c, "dev/null", static_cast<uint64_t>(flags));
        if (fd >= 0 && fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3)) return fd;
        if (fd >= 0) close(fd);
    }
    return openat(c.base_root, "null", flags | O_NOFOLLOW);
}

// Whose pipes have their owner already (user_namespace.cpp).
bool is_mapped(const ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    return h.user_namespace != kNoFd || (h.join_flags & CLONE_NEWUSER) != 0;
}

bool use_pipes(ChildContext& c) {
    for (int target = 0; target < 3; ++target) {
        ScopedFd null;
        int source = c.stdio[target];
        if (source < 0) {
            null.reset(open_null(c));
            source = null.get();
        } else if (!is_mapped(c) && c.plan.header().uid != 0 &&
                   fchown(source, c.plan.header().uid, static_cast<gid_t>(-1)) != 0) {
            return fail(c.failure, "chown", "standard stream");  // else /dev/stdout cannot be opened by the user
        }
        if (source < 0 || dup2(source, target) < 0) return fail(c.failure, "open", "/dev/null");
    }
    return true;
}

}  // namespace

bool open_stdio(ChildContext& c) {
    if (setsid() < 0) return fail(c.failure, "setsid");
    return c.plan.has(kPlanTty) ? use_terminal(c) : use_pipes(c);
}

// Made as root, before the root becomes read-only; entered by descriptor, so that /proc/self/fd/N leads nowhere.
bool make_working_directory(ChildContext& c) {
    const char* cwd = c.plan.text(c.plan.header().cwd);
    const ScopedFd directory{make_in_root(c, cwd, true)};
    struct stat info {};
    if (!directory || fstat(directory.get(), &info) != 0)
        return fail(c.failure, FailureKind::kWorkingDirectory, "mkdir", cwd);
    if (!S_ISDIR(info.st_mode)) {
        errno = ENOTDIR;
        return fail(c.failure, FailureKind::kWorkingDirectory, "mkdir", cwd);
    }
    return true;
}

}  // namespace slipway::supervisor
