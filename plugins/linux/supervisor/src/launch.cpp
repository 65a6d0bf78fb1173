// launch.cpp - takes the plan over and clones the container's first process.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>

#include <slipway_supervisor/fd_passing.hpp>
#include "child.hpp"
#include "supervisor.hpp"
#include "sys.hpp"
#include "user_namespace.hpp"

namespace slipway::supervisor {

// Needed until the child is parked; then its pages go back to the system.
struct LaunchScratch {
    ChildContext child;
    int fds[kPlanMaxFds];
};

namespace {

bool make_scratch(Supervisor& s) {
    void* memory = mmap(nullptr, sizeof(LaunchScratch), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    s.scratch = new (memory) LaunchScratch;
    s.fds = s.scratch->fds;
    return true;
}

bool map_plan(Supervisor& s, int file, uint32_t bytes) {
    struct stat info {};
    if (fstat(file, &info) != 0 || info.st_size != static_cast<off_t>(bytes)) return false;
    void* memory = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
    if (memory == MAP_FAILED) return false;
    s.plan_bytes = static_cast<const uint8_t*>(memory);
    s.plan_size = bytes;
    return s.plan.validate(s.plan_bytes, bytes, s.fd_count);
}

struct Pipe {
    ScopedFd read, write;

    bool open() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return false;
        read.reset(ends[0]);
        write.reset(ends[1]);
        return true;
    }
};

bool set_nonblocking(int fd) {
    return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

int descriptor(const Supervisor& s, uint32_t index) {
    return index == kNoFd ? -1 : s.fds[index];
}

bool open_log(Supervisor& s, Failure& failure) {
    const PlanHeader& h = s.plan.header();
    if (h.log_directory == kNoFd) return true;
    if (g_log.open(descriptor(s, h.log_directory), s.plan.text(h.log_name), h.log_max_bytes, h.log_max_files,
                   s.plan.text(h.log_attributes)))
        return true;
    return fail(failure, "open log", s.plan.text(h.log_name));
}

// What the supervisor needs of the plan after the child has it.
void keep_settings(Supervisor& s) {
    const PlanHeader& h = s.plan.header();
    s.tty = s.plan.has(kPlanTty);
    s.open_stdin = s.plan.has(kPlanOpenStdin) || s.tty;
    s.stdin_once = s.plan.has(kPlanStdinOnce);
    s.state_directory = descriptor(s, h.state_directory);
    s.listener = descriptor(s, h.listener);
    s.oom_counter = descriptor(s, h.oom_counter);
    s.oom_event = descriptor(s, h.oom_event);
    s.joined = s.plan.has(kPlanJoin);
    s.ends_with_daemon = s.plan.has(kPlanEndsWithDaemon);
    s.capture = descriptor(s, h.capture);
    s.capture_left = h.capture_bytes;
}

// The root stays open, so that the container's last process does not pay for writing its file system back.
bool is_kept(const Supervisor& s, uint32_t index) {
    const PlanHeader& h = s.plan.header();
    for (const uint32_t kept :
         {h.root_tree, h.state_directory, h.listener, h.log_directory, h.oom_counter, h.oom_event, h.capture}) {
        if (index == kept) return true;
    }
    for (uint32_t i = 0; i < h.held.count; ++i) {
        if (s.plan.at<uint32_t>(h.held, i) == index) return true;
    }
    return false;
}

void close_unneeded(Supervisor& s) {
    for (uint32_t i = 0; i < s.fd_count; ++i) {
        if (!is_kept(s, i)) close(s.fds[i]);
    }
}

long clone_child(const Supervisor& s, int* pidfd) {
    const PlanHeader& h = s.plan.header();
    clone_args args{};
    args.flags = uint64_t{h.clone_flags} | CLONE_PIDFD;
    if (!s.joined) args.flags |= CLONE_NEWNS;
    args.exit_signal = SIGCHLD;
    args.pidfd = reinterpret_cast<uint64_t>(pidfd);
    if (h.cgroup_directory != kNoFd) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<uint64_t>(descriptor(s, h.cgroup_directory));
    }
    return clone3(args);
}

bool enter_base(Supervisor& s, Failure& failure) {
    const PlanHeader& h = s.plan.header();
    if (setns(descriptor(s, h.base_namespace), CLONE_NEWNS) != 0) return fail(failure, "join base mount name space");
    // With a user name space it is for the helper to join.
    if (h.user_namespace == kNoFd && h.pid_namespace != kNoFd &&
        setns(descriptor(s, h.pid_namespace), CLONE_NEWPID) != 0) {
        return fail(failure, "join name space", "pid");
    }
    // Only for what is cloned from now on, which is the exec.
    if (s.joined && (h.join_flags & CLONE_NEWPID) != 0 && setns(descriptor(s, h.join_process), CLONE_NEWPID) != 0) {
        return fail(failure, "join name space", "pid");
    }
    return true;
}

bool watch_all(Supervisor& s) {
    if (s.oom_event >= 0) {
        (void)s.loop.watch(s.oom_event, Source::kOom, 0, EPOLLIN);
    } else if (s.oom_counter >= 0) {
        (void)s.loop.watch(s.oom_counter, Source::kOom, 0, EPOLLPRI);  // v2; v1 files answer EPERM and have the event
    }
    return s.loop.watch(s.pidfd, Source::kProcess, 0, EPOLLIN) && s.loop.watch(s.sync, Source::kSync, 0, EPOLLIN) &&
           (s.listener < 0 || s.loop.watch(s.listener, Source::kListener, 0, EPOLLIN));
}

}  // namespace

bool receive_launch(Supervisor& s, int sock) {
    if (!make_scratch(s)) return false;
    int plan_file = -1;
    uint32_t bytes = 0, expected = 0;
    bool first = true;
    while (first || s.fd_count < expected) {
        LaunchRequest request;
        int got[kMaxFdsPerPacket];
        size_t count = 0;
        const ssize_t size = receive_packet(sock, &request, sizeof(request), got, kMaxFdsPerPacket, &count);
        if (size != static_cast<ssize_t>(sizeof(request)) || request.header.magic != kControlMagic ||
            request.header.kind != MessageKind::kLaunch || count == 0) {
            return false;
        }
        size_t at = 0;
        if (first) {
            plan_file = got[at++];
            bytes = request.plan_bytes;
            expected = request.fd_count;
            s.launch_sequence = request.header.sequence;
            if (expected > kPlanMaxFds) return false;
            first = false;
        }
        while (at < count && s.fd_count < expected) s.fds[s.fd_count++] = got[at++];
        if (at < count) return false;
    }
    const bool good = map_plan(s, plan_file, bytes);
    close(plan_file);
    return good;
}

bool launch(Supervisor& s, Failure& failure) {
    keep_settings(s);
    if (!open_log(s, failure) || !enter_base(s, failure)) return false;

    Pipe in, out, err;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return fail(failure, "socketpair");
    s.sync = pair[0];
    ScopedFd child_sync{pair[1]};
    // An exec without input reads the end of a pipe: there is no null device that the container could not have shaped.
    const bool needs_input = s.open_stdin || s.joined;
    if (!s.tty && (!out.open() || !err.open() || (needs_input && !in.open()))) return fail(failure, "pipe");
    if (!s.open_stdin) in.write.reset();

    ChildContext& child = s.scratch->child;
    child.plan = s.plan;
    child.fds = s.fds;
    child.sync = child_sync.get();
    child.stdio[0] = in.read.get();
    child.stdio[1] = out.write.get();
    child.stdio[2] = err.write.get();
    s.state = ProcessState::kLaunching;
    const bool is_mapped = s.plan.header().user_namespace != kNoFd;
    const long pid = is_mapped ? clone_mapped(s, child, failure) : clone_child(s, &s.pidfd);
    if (pid < 0) return is_mapped ? false : fail(failure, "clone3");
    if (pid == 0) {
        close(s.sync);  // or the child would keep its own end of file away
        run_child(child);
    }
    s.pid = pid;
    s.outputs[0].fd = out.read.release();
    s.outputs[1].fd = err.read.release();
    s.input = in.write.release();
    for (const int fd : {s.outputs[0].fd, s.outputs[1].fd, s.input}) {
        if (fd >= 0 && !set_nonblocking(fd)) return fail(failure, "fcntl", "pipe");
    }
    close_unneeded(s);
    return watch_all(s) || fail(failure, "epoll_ctl");
}

void release_launch(Supervisor& s) {
    if (s.scratch == nullptr) return;
    munmap(s.scratch, sizeof(LaunchScratch));
    munmap(const_cast<uint8_t*>(s.plan_bytes), s.plan_size);
    s.scratch = nullptr;
    s.fds = nullptr;
    s.plan_bytes = nullptr;
}

}  // namespace slipway::supervisor
