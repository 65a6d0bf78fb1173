#include <support/injected_calls.hpp>

#include <sys/syscall.h>

#include <cerrno>

namespace slipway::testing {
namespace {

#define SLIPWAY_CALL(name, error) \
    { SYS_##name, #name, error }

constexpr InjectedCall kCalls[] = {
    // mounts
    SLIPWAY_CALL(mount, EPERM), SLIPWAY_CALL(umount2, EBUSY), SLIPWAY_CALL(move_mount, EINVAL),
    SLIPWAY_CALL(open_tree, ENOMEM), SLIPWAY_CALL(fsopen, ENOMEM), SLIPWAY_CALL(fsconfig, EINVAL),
    SLIPWAY_CALL(fsmount, EPERM), SLIPWAY_CALL(mount_setattr, EINVAL), SLIPWAY_CALL(pivot_root, EINVAL),
    SLIPWAY_CALL(chroot, EPERM),
    // processes and name spaces
    SLIPWAY_CALL(clone, EAGAIN), SLIPWAY_CALL(clone3, EAGAIN), SLIPWAY_CALL(unshare, ENOSPC),
    SLIPWAY_CALL(setns, EPERM), SLIPWAY_CALL(execve, ENOMEM), SLIPWAY_CALL(execveat, ENOMEM),
    SLIPWAY_CALL(prctl, EINVAL), SLIPWAY_CALL(capset, EPERM), SLIPWAY_CALL(seccomp, ENOMEM),
    SLIPWAY_CALL(setresuid, EAGAIN), SLIPWAY_CALL(setresgid, EPERM), SLIPWAY_CALL(setgroups, ENOMEM),
    SLIPWAY_CALL(setsid, EPERM), SLIPWAY_CALL(prlimit64, EPERM), SLIPWAY_CALL(sched_setscheduler, EPERM),
    SLIPWAY_CALL(setpriority, EACCES), SLIPWAY_CALL(sethostname, EPERM), SLIPWAY_CALL(setdomainname, EPERM),
    SLIPWAY_CALL(keyctl, EDQUOT), SLIPWAY_CALL(bpf, EPERM), SLIPWAY_CALL(pidfd_open, EMFILE),
    SLIPWAY_CALL(pidfd_send_signal, EPERM), SLIPWAY_CALL(kill, EPERM),
    // files
    SLIPWAY_CALL(openat, EMFILE), SLIPWAY_CALL(openat2, EMFILE), SLIPWAY_CALL(mkdirat, ENOSPC),
    SLIPWAY_CALL(unlinkat, EIO), SLIPWAY_CALL(renameat, EIO), SLIPWAY_CALL(renameat2, EIO),
    SLIPWAY_CALL(symlinkat, ENOSPC), SLIPWAY_CALL(mknodat, ENOSPC), SLIPWAY_CALL(linkat, ENOSPC),
    SLIPWAY_CALL(fchownat, EIO), SLIPWAY_CALL(fchmodat, EIO), SLIPWAY_CALL(fchown, EIO), SLIPWAY_CALL(fchmod, EIO),
    SLIPWAY_CALL(ftruncate, EIO), SLIPWAY_CALL(fallocate, ENOSPC), SLIPWAY_CALL(fsync, EIO),
    SLIPWAY_CALL(fdatasync, EIO), SLIPWAY_CALL(utimensat, EIO), SLIPWAY_CALL(newfstatat, EIO), SLIPWAY_CALL(statx, EIO),
    SLIPWAY_CALL(fstat, EIO), SLIPWAY_CALL(fstatfs, EIO), SLIPWAY_CALL(readlinkat, EIO), SLIPWAY_CALL(getdents64, EIO),
    SLIPWAY_CALL(fchdir, EIO), SLIPWAY_CALL(chdir, EACCES), SLIPWAY_CALL(lseek, EIO), SLIPWAY_CALL(pread64, EIO),
    SLIPWAY_CALL(pwrite64, ENOSPC), SLIPWAY_CALL(write, ENOSPC), SLIPWAY_CALL(writev, ENOSPC), SLIPWAY_CALL(read, EIO),
    SLIPWAY_CALL(memfd_create, EMFILE), SLIPWAY_CALL(fcntl, EINVAL), SLIPWAY_CALL(ioctl, EIO),
    SLIPWAY_CALL(dup3, EMFILE), SLIPWAY_CALL(pipe2, EMFILE),
#ifdef SYS_open  // the calls without "at" exist on x86-64 only
    SLIPWAY_CALL(open, EMFILE), SLIPWAY_CALL(mkdir, ENOSPC), SLIPWAY_CALL(rmdir, EIO), SLIPWAY_CALL(unlink, EIO),
    SLIPWAY_CALL(rename, EIO), SLIPWAY_CALL(readlink, EIO), SLIPWAY_CALL(stat, EIO), SLIPWAY_CALL(lstat, EIO),
    SLIPWAY_CALL(access, EIO), SLIPWAY_CALL(chmod, EIO), SLIPWAY_CALL(dup2, EMFILE), SLIPWAY_CALL(vfork, EAGAIN),
#endif
    // sockets and events
    SLIPWAY_CALL(socket, EMFILE), SLIPWAY_CALL(socketpair, EMFILE), SLIPWAY_CALL(bind, EADDRINUSE),
    SLIPWAY_CALL(listen, EADDRINUSE), SLIPWAY_CALL(connect, ECONNREFUSED), SLIPWAY_CALL(accept4, EMFILE),
    SLIPWAY_CALL(sendmsg, ENOBUFS), SLIPWAY_CALL(sendto, ENOBUFS), SLIPWAY_CALL(recvmsg, ENOMEM),
    SLIPWAY_CALL(recvfrom, ENOMEM), SLIPWAY_CALL(setsockopt, ENOMEM), SLIPWAY_CALL(getsockopt, ENOBUFS),
    SLIPWAY_CALL(getsockname, ENOBUFS), SLIPWAY_CALL(epoll_create1, EMFILE), SLIPWAY_CALL(epoll_ctl, ENOMEM),
    SLIPWAY_CALL(eventfd2, EMFILE)};

#undef SLIPWAY_CALL

}  // namespace

std::span<const InjectedCall> injected_calls() {
    return kCalls;
}

const InjectedCall* find_injected_call(int number) {
    for (const InjectedCall& call : kCalls) {
        if (call.number == number) return &call;
    }
    return nullptr;
}

}  // namespace slipway::testing
