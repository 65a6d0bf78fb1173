// init.cpp - the reaper. The first process forks; the child executes the user's command exactly as without a reaper, so
// that its errors are the same, and the parent executes this program anew: what ran as the supervisor's copy keeps
// neither its memory nor its descriptors. The program comes from a descriptor of the engine's own read-only mount,
// never from the image, and nothing is mounted into the container for it.
#include "init.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

constexpr int kCommandFd = 3;
constexpr int kReadyFd = kCommandFd + 1;  // a pipe's end; the command waits until it is closed
constexpr int kAboveAll = 16;
constexpr int kInitFailed = 125;

void block_signals(sigset_t& all) {
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
}

// Not clone3: the default filter answers ENOSYS to it, as its flags cannot be looked at.
long fork_with_pidfd(int* pidfd) {
    return syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, nullptr, pidfd, nullptr, nullptr);
}

// A group of its own that has the terminal: what the user types there is the command's, and so is what Ctrl-C sends.
void prepare_command(const ChildContext& c, bool first_in_namespace) {
    if (!first_in_namespace) (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)setpgid(0, 0);
    if (c.plan.has(kPlanTty)) (void)tcsetpgrp(STDIN_FILENO, getpid());  // SIGTTOU is still blocked
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

// "/sbin/docker-init -- <command...>". Null when there is no memory.
char** init_arguments(const Plan& plan) {
    const ListRef list = plan.header().arguments;
    const size_t bytes = (size_t{list.count} + 3) * sizeof(char*);
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    static char dashes[] = "--";
    static char name[sizeof(kInitName)];
    memcpy(name, kInitName, sizeof(kInitName));
    auto** array = static_cast<char**>(memory);
    array[0] = name;
    array[1] = dashes;
    for (uint32_t i = 0; i < list.count; ++i) array[i + 2] = const_cast<char*>(plan.text(plan.at<TextRef>(list, i)));
    array[list.count + 2] = nullptr;
    return array;
}

[[noreturn]] void stay_as_init(ChildContext& c, int command, int ready) {
    close(c.sync);  // now the command's alone, whose execve is what the supervisor waits for
    // All out of the way first: each may have the number that another is to get.
    const int program = fcntl(c.fd(c.plan.header().init_program), F_DUPFD_CLOEXEC, kAboveAll);
    command = fcntl(command, F_DUPFD_CLOEXEC, kAboveAll);
    ready = fcntl(ready, F_DUPFD_CLOEXEC, kAboveAll);
    if (program < 0 || dup2(command, kCommandFd) < 0 || dup2(ready, kReadyFd) < 0) _exit(kInitFailed);
    char** arguments = init_arguments(c.plan);
    char** environment = make_array(c.plan, c.plan.header().environment);
    if (arguments != nullptr && environment != nullptr) {
        (void)syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
    }
    // A filter of the user's own may not know execveat; not dumpable, this image serves as well.
    close_range(kReadyFd + 1, ~0u, 0);
    run_init(kCommandFd);
}

int code_of(const siginfo_t& info) {
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

bool ended(int command, int options, siginfo_t& info) {
    info = siginfo_t{};
    if (waitid(P_PIDFD, static_cast<id_t>(command), &info, WEXITED | WNOHANG | options) != 0) return false;
    return info.si_pid != 0;
}

// Takes away everybody who has ended. The command's own end is left to the first question.
void reap(int command) {
    for (;;) {
        siginfo_t info{}, own{};
        if (ended(command, 0, info)) _exit(code_of(info));
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
            if (errno == ECHILD) _exit(kInitFailed);  // somebody took the command's end: nothing is left to wait for
            return;
        }
        if (info.si_pid == 0) return;
        // It may be the command, ended just now.
        if (ended(command, WNOWAIT, own) && own.si_pid == info.si_pid) continue;
        (void)waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
    }
}

}  // namespace

void run_init(int command) {
    prctl(PR_SET_NAME, "docker-init", 0, 0, 0);
    sigset_t all;
    block_signals(all);
    close(kReadyFd);
    for (;;) {
        reap(command);
        siginfo_t info{};
        const int signum = sigwaitinfo(&all, &info);
        if (signum > 0 && signum != SIGCHLD) (void)pidfd_send_signal(command, signum);
    }
}

bool become_init(ChildContext& c) {
    sigset_t all;
    block_signals(all);  // what comes from now on waits for the loop; ignored it would be without a handler
    const bool first_in_namespace = getpid() == 1;
    // In another's name space nobody's orphans come here by themselves.
    if (!first_in_namespace) (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    // The command runs only once the supervisor's image and its descriptors are gone from the first process.
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0) return fail(c.failure, "pipe", "init process");
    int command = -1;
    const long pid = fork_with_pidfd(&command);
    if (pid < 0) return fail(c.failure, "fork the command from its init process");
    if (pid > 0) {
        close(ready[0]);
        stay_as_init(c, command, ready[1]);
    }
    close(ready[1]);
    char none = 0;
    (void)!read(ready[0], &none, 1);  // nothing ever comes: the end of the pipe is the word
    close(ready[0]);
    prepare_command(c, first_in_namespace);
    return true;
}

}  // namespace slipway::supervisor
