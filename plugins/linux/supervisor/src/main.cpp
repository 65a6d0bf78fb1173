// slipway-supervisor - one per container and one per exec; see supervisor.hpp for the story.
//
//   slipway-supervisor <container or exec id>   descriptor 3: control socket, over which the plan arrives
//   slipway-supervisor --base                   descriptor 3: makes the base mount name space
//   slipway-supervisor --user                   descriptor 3: makes a user name space and a network name space of it
//   slipway-supervisor --hold                   descriptor 3: sits in a new scope of systemd until it is closed
//   /sbin/docker-init -- <command...>           descriptor 3: pidfd of the command, 4: pipe; a container's reaper
#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base_namespace.hpp"
#include "init.hpp"
#include "supervisor.hpp"
#include "sys.hpp"
#include "user_namespace.hpp"

namespace slipway::supervisor {
namespace {

constexpr int kControl = 3;

Supervisor g_supervisor;  // static: megabytes of tables, of which only touched pages cost memory

void dispatch(Supervisor& s, const epoll_event& event) {
    const auto source = static_cast<Source>(event.data.u64 >> 32);
    const auto index = static_cast<uint32_t>(event.data.u64);
    switch (source) {
        case Source::kListener:
            on_listener(s);
            break;
        case Source::kConnection:
            on_connection(s, index);
            break;
        case Source::kSync:
            if (s.sync >= 0) on_sync(s);
            break;
        case Source::kProcess:
            on_process_end(s);
            break;
        case Source::kOutput:
            on_output(s, index);
            break;
        case Source::kInput:
            on_input_ready(s);
            break;
        case Source::kClient:
            on_client(s, index, event.events);
            break;
        case Source::kOom:
            on_oom(s);
            break;
    }
}

// Whether the process is done: the first process ended, its exit is reported and nobody waits for bytes.
bool settle(Supervisor& s) {
    if (s.state != ProcessState::kExited) return false;
    release_clients(s);
    const bool late = s.deadline_ms != 0 && monotonic_ms() >= s.deadline_ms;
    if (!s.exit_announced) {
        // The rest belongs in the log in any case; a client that has no room for it gets what it was sent so far.
        while (!drain_outputs(s)) {
            if (!late) return false;
            end_slow_clients(s);
        }
        finish_exit(s);
        s.exit_announced = true;
        return !any_clients(s);
    }
    return !any_clients(s) || late;
}

int timeout_ms(const Supervisor& s) {
    int64_t next = s.deadline_ms;
    if (s.terminal_retry_ms != 0 && (next == 0 || s.terminal_retry_ms < next)) next = s.terminal_retry_ms;
    if (next == 0) return -1;
    const int64_t left = next - monotonic_ms();
    return left < 0 ? 0 : static_cast<int>(left);
}

void run(Supervisor& s) {
    while (!settle(s)) {
        retry_terminal(s);
        update_outputs(s);
        update_clients(s);
        g_log.flush();
        epoll_event events[16];
        const int count = s.loop.wait(events, 16, timeout_ms(s));
        for (int i = 0; i < count; ++i) dispatch(s, events[i]);
    }
}

void ignore_signals() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    for (const int signum : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE}) sigaction(signum, &ignore, nullptr);
}

int supervise() {
    Supervisor& s = g_supervisor;
    for (int& connection : s.connections) connection = -1;
    ignore_signals();
    if (!receive_launch(s, kControl) || !s.loop.open()) return 1;
    s.connections[0] = kControl;
    s.launch_connection = 0;
    s.self_pidfd = static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0));
    Failure failure;
    if (!launch(s, failure)) {
        reply(s, 0, s.launch_sequence, EIO, &failure, nullptr, 0);
        kill_process(s);
        return 1;
    }
    if (!s.loop.watch(kControl, Source::kConnection, 0, EPOLLIN)) return 1;
    run(s);
    return 0;
}

}  // namespace
}  // namespace slipway::supervisor

int main(int argc, char** argv) {
    using namespace slipway::supervisor;
    if (argc >= 2 && strcmp(argv[0], kInitName) == 0) run_init(kControl);
    close_range(kControl + 1, ~0u, 0);
    // The child shares this memory image until execve: nobody may look into it or follow its descriptors.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_NAME, "slipway-supervi", 0, 0, 0);  // 15 characters fit; it was executed by a descriptor's name
    if (argc != 2 || fcntl(kControl, F_SETFD, FD_CLOEXEC) != 0) {
        static const char kUsage[] = "slipway-supervisor is started by slipwayd's Linux backend, not by hand\n";
        (void)!write(STDERR_FILENO, kUsage, sizeof(kUsage) - 1);
        return 2;
    }
    if (strcmp(argv[1], "--base") == 0) _exit(run_base_namespace(kControl));
    if (strcmp(argv[1], "--hold") == 0) {
        unsigned char unused = 0;
        (void)!read(kControl, &unused, 1);
        _exit(0);
    }
    if (strcmp(argv[1], "--user") == 0) _exit(run_user_namespace(kControl));
    _exit(supervise());
}
