// user_namespace.cpp - the first process of a container whose users are others outside.
//
// The supervisor stays what it is, root of the host, and the first process must be its child. So a helper goes in
// between, which lives for this alone:
//
//   supervisor   clones the helper: same descriptor table, a copy of the base mount name space, in the control group
//   helper       does what only the host's root may (use_host_privileges, furnish_base), enters the user name space,
//                becomes its root, clones the first process as a sibling of itself, reports, ends
//   first        all its new name spaces belong to the user name space; then as any other (child.cpp)
//
// A procfs or sysfs can only be mounted in a user name space where one is visible in full already, hence those in the
// helper's copy of the base; so are the device nodes, which the first process then binds. The first process leaves all
// of that by pivot_root (PlanHeader has kPlanPivotRoot set).
#include "user_namespace.hpp"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <slipway_supervisor/fd_passing.hpp>
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

struct Answer {
    int pidfd = -1;  // in the shared descriptor table
    int64_t pid = -1;
    Failure failure;
};

// Over `where` in the helper's copy of the base. Keeps the mount's descriptor when `kept` is given.
bool mount_in_base(ChildContext& c, const char* type, const char* where, unsigned attributes, ScopedFd* kept) {
    const ScopedFd context{fsopen(type, FSOPEN_CLOEXEC)};
    if (!context || fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
        return fail(c.failure, "make file system", type);
    }
    ScopedFd tree{fsmount(context.get(), FSMOUNT_CLOEXEC, attributes)};
    if (!tree || move_mount(tree.get(), "", AT_FDCWD, where, MOVE_MOUNT_F_EMPTY_PATH) != 0) {
        return fail(c.failure, "mount", type);
    }
    if (kept != nullptr) kept->reset(tree.release());
    return true;
}

bool make_nodes(ChildContext& c, int directory) {
    const ListRef list = c.plan.header().ops;
    for (uint32_t i = 0; i < list.count; ++i) {
        const auto& op = c.plan.at<PlanOp>(list, i);
        if (op.kind != OpKind::kDevice) continue;
        FixedText<16> name;
        name.add_number(i);
        if (mknodat(directory, name.get(), op.mode, makedev(op.major, op.minor)) != 0 ||
            fchownat(directory, name.get(), op.uid, op.gid, AT_SYMLINK_NOFOLLOW) != 0) {
            return fail(c.failure, "mknod", c.plan.text(op.target));
        }
    }
    return true;
}

bool furnish_base(ChildContext& c) {
    constexpr unsigned kPlain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    umask(0);
    ScopedFd nodes;
    return mount_in_base(c, "proc", "/proc", kPlain, nullptr) && mount_in_base(c, "sysfs", "/sys", kPlain, nullptr) &&
           mount_in_base(c, "tmpfs", "/dev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, &nodes) &&
           make_nodes(c, nodes.get());
}

bool enter_user_namespace(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    if (h.pid_namespace != kNoFd && setns(c.fd(h.pid_namespace), CLONE_NEWPID) != 0) {
        return fail(c.failure, "join name space", "pid");
    }
    if (setns(c.fd(h.user_namespace), CLONE_NEWUSER) != 0) return fail(c.failure, "join name space", "user");
    return become_namespace_root(c);
}

// Never returns; the first process neither.
[[noreturn]] void run_helper(Supervisor& s, ChildContext& c, int answers, int other_end) {
    Answer answer;
    if (reset_scheduling(c) && use_host_privileges(c) && furnish_base(c) && enter_user_namespace(c)) {
        clone_args args{};
        args.flags = uint64_t{c.plan.header().clone_flags} | CLONE_NEWNS | CLONE_PARENT | CLONE_PIDFD;
        args.pidfd = reinterpret_cast<uint64_t>(&answer.pidfd);
        answer.pid = clone3(args);
        if (answer.pid < 0) fail(c.failure, "clone3");
        if (answer.pid == 0) {
            close(answers);
            close(other_end);
            close(s.sync);  // or it would keep its own end of file away
            run_child(c);
        }
    }
    answer.failure = c.failure;
    (void)!write(answers, &answer, sizeof(answer));
    _exit(0);
}

long clone_helper(const Supervisor& s) {
    const PlanHeader& h = s.plan.header();
    clone_args args{};
    args.flags = CLONE_FILES | CLONE_NEWNS;
    args.exit_signal = SIGCHLD;
    if (h.cgroup_directory != kNoFd) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<uint64_t>(s.fds[h.cgroup_directory]);
    }
    return clone3(args);
}

bool report(int sock) {
    const unsigned char answer = static_cast<unsigned char>(errno);
    return send(sock, &answer, 1, MSG_NOSIGNAL) == 1 && answer == 0;
}

bool become_root() {
    // Raw calls: glibc's wrappers would look for threads to change as well.
    return syscall(SYS_setgroups, size_t{0}, nullptr) == 0 && syscall(SYS_setresgid, 0, 0, 0) == 0 &&
           syscall(SYS_setresuid, 0, 0, 0) == 0;
}

}  // namespace

// Pipes belong to the user of the process, whom only the host can name; else /dev/stdout cannot be opened.
bool use_host_privileges(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    if (!raise_limits(c) || !write_oom_score(c)) return false;
    if (c.proc >= 0) close(c.proc);  // the host's
    c.proc = -1;
    if (h.host_uid == kNoId || h.host_gid == kNoId) return true;
    for (const int fd : c.stdio) {
        if (fd >= 0 && fchown(fd, h.host_uid, h.host_gid) != 0) return fail(c.failure, "chown", "standard stream");
    }
    return true;
}

bool become_namespace_root(ChildContext& c) {
    return become_root() || fail(c.failure, "become root of the user name space");
}

long clone_mapped(Supervisor& s, ChildContext& child, Failure& failure) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        fail(failure, "socketpair");
        return -1;
    }
    const ScopedFd ours{pair[0]}, theirs{pair[1]};
    const long helper = clone_helper(s);
    if (helper == 0) run_helper(s, child, theirs.get(), ours.get());
    if (helper < 0) {
        fail(failure, "clone3");
        return -1;
    }
    // Its end first: with a shared descriptor table there is no end of file to wait for.
    while (waitpid(static_cast<pid_t>(helper), nullptr, 0) < 0 && errno == EINTR) {
    }
    Answer answer;
    if (recv(ours.get(), &answer, sizeof(answer), MSG_DONTWAIT) != static_cast<ssize_t>(sizeof(answer))) {
        errno = 0;
        fail(failure, FailureKind::kPolicy, "enter user name space", "", "the helper ended without saying why");
        return -1;
    }
    if (answer.pid < 0) {
        failure = answer.failure;
        return -1;
    }
    s.pidfd = answer.pidfd;
    return static_cast<long>(answer.pid);
}

int run_user_namespace(int sock) {
    unsigned char go = 0;
    int joined = -1;
    size_t count = 0;
    if (receive_packet(sock, &go, 1, &joined, 1, &count) != 1) return 1;
    if (count == 0) {
        errno = 0;
        if (unshare(CLONE_NEWUSER) == 0) errno = 0;
        if (!report(sock) || recv(sock, &go, 1, 0) != 1) return 1;  // the maps are written by now
    }
    errno = 0;
    const bool entered = count == 0 || setns(joined, CLONE_NEWUSER) == 0;
    if (entered && become_root() && unshare(CLONE_NEWNET) == 0) errno = 0;
    const bool made = report(sock);
    (void)recv(sock, &go, 1, 0);
    return made ? 0 : 1;
}

}  // namespace slipway::supervisor
