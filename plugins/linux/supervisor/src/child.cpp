// child.cpp - the steps of the container's first process, or of an exec, in order.
//
// It talks to the supervisor over one SOCK_SEQPACKET pair: a Failure with kind kNone says "parked" (with the terminal's
// master when there is one), any other says why not. One byte from the supervisor lets it go; the pair is
// close-on-exec, so the supervisor reads end of file once execve succeeded. When the supervisor dies the child reads
// end of file and ends.
#include "child.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <slipway_supervisor/fd_passing.hpp>
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

constexpr int kSetupFailed = 125;

[[noreturn]] void report_and_exit(ChildContext& c) {
    (void)send_packet(c.sync, &c.failure, sizeof(c.failure), nullptr, 0);
    _exit(kSetupFailed);
}

// The supervisor ignores some signals and ignored ones survive execve. The kernel is asked directly: glibc hides its
// two internal signals, which posix_spawn leaves ignored when the daemon has threads.
void reset_signals() {
    constexpr size_t kKernelSetBytes = 8;
    struct {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)();
        uint64_t mask;
    } standard{};
    for (int signum = 1; signum < NSIG; ++signum)
        syscall(SYS_rt_sigaction, signum, &standard, nullptr, kKernelSetBytes);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool set_up(ChildContext& c) {
    umask(0);
    if (!reset_scheduling(c)) return false;
    if (c.plan.has(kPlanJoin)) {
        return enter_groups(c) && join_container(c) && write_process_settings(c) && open_stdio(c) && become_user(c) &&
               resolve_command(c);
    }
    return enter_groups_and_namespaces(c) && write_process_settings(c) && cover_root(c) && run_ops(c) &&
           open_stdio(c) && make_working_directory(c) && protect_paths(c) && enter_root(c) && become_user(c) &&
           resolve_command(c);
}

}  // namespace

// The daemon may run with a priority of its own; a real-time one would even keep the child out of v1 cpu groups. It may
// be pinned as well, which the child would inherit for good: since 6.2 the kernel remembers what was asked for, and
// entering a cpuset only cuts it.
bool reset_scheduling(ChildContext& c) {
    sched_param standard{};
    if (sched_setscheduler(0, SCHED_OTHER, &standard) != 0) return fail(c.failure, "reset scheduler");
    if (setpriority(PRIO_PROCESS, 0, 0) != 0) return fail(c.failure, "reset nice value");
    constexpr int kThisProcess = 1;  // IOPRIO_WHO_PROCESS; class 0 follows the nice value
    (void)syscall(SYS_ioprio_set, kThisProcess, 0, 0);
    unsigned long every_cpu[1024 / sizeof(unsigned long)];  // 8192 of them; the kernel takes what it has, EINVAL is no
    memset(every_cpu, 0xff, sizeof(every_cpu));             // reason not to start
    (void)syscall(SYS_sched_setaffinity, 0, sizeof(every_cpu), every_cpu);
    return true;
}

void run_child(ChildContext& c) {
    reset_signals();
    if (!set_up(c)) report_and_exit(c);
    // Whatever is open above stderr goes at execve; the sync pair is what tells the supervisor that it happened.
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    const int fd_count = c.terminal_master >= 0 ? 1 : 0;
    if (!send_packet(c.sync, &c.failure, sizeof(c.failure), &c.terminal_master, fd_count)) _exit(kSetupFailed);
    if (c.terminal_master >= 0) close(c.terminal_master);

    char go = 0;
    if (read(c.sync, &go, 1) != 1) _exit(kSetupFailed);
    if (!c.plan.has(kPlanInit) || become_init(c)) execute_command(c);
    report_and_exit(c);
}

}  // namespace slipway::supervisor
