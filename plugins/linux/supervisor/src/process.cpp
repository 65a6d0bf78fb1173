// process.cpp - the life of the container's first process as the supervisor sees it.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <slipway_supervisor/fd_passing.hpp>
#include "supervisor.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

void adopt_terminal(Supervisor& s, int master) {
    (void)fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
    s.outputs[0].fd = master;
    s.input = dup(master);  // a descriptor of its own, because epoll knows each only once
    (void)fcntl(s.input, F_SETFD, FD_CLOEXEC);
}

// The text of memory.oom_control (v1) and memory.events (v2) both have a line "oom_kill N".
bool read_oom_kills(int file, uint64_t& kills) {
    char text[1024] = {};
    if (file < 0 || pread(file, text, sizeof(text) - 1, 0) <= 0) return false;
    const char* line = strstr(text, "oom_kill ");
    kills = line != nullptr ? strtoul(line + 9, nullptr, 10) : 0;
    return true;
}

bool has_oom_kill(int file) {
    uint64_t kills = 0;
    return read_oom_kills(file, kills) && kills > 0;
}

void unwatch_oom(Supervisor& s) {
    if (s.oom_event >= 0) s.loop.unwatch(s.oom_event);
    if (s.oom_event < 0 && s.oom_counter >= 0) s.loop.unwatch(s.oom_counter);
}

void write_exit_record(const Supervisor& s) {
    FixedText<128> text;
    text.add_number(s.exit_code).add(" ").add_number(s.oom_killed ? 1 : 0).add(" ").add_number(s.started_ns);
    text.add(" ").add_number(s.finished_ns).add("\n");
    const ScopedFd file{
        openat(s.state_directory, kExitRecordTemporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!file || write(file.get(), text.get(), text.size()) != static_cast<ssize_t>(text.size())) return;
    (void)renameat(s.state_directory, kExitRecordTemporary, s.state_directory, kExitRecordName);
}

void close_sync(Supervisor& s) {
    s.loop.unwatch(s.sync);
    close(s.sync);
    s.sync = -1;
}

void parked(Supervisor& s, int master) {
    if (s.tty) adopt_terminal(s, master);
    s.state = ProcessState::kParked;
    release_launch(s);
    update_outputs(s);
    reply(s, s.launch_connection, s.launch_sequence, 0, nullptr, &s.pidfd, 1);
}

// Set-up or execve failed and said why.
void failed(Supervisor& s, const Failure& failure) {
    const bool launching = s.state == ProcessState::kLaunching;
    const int connection = launching ? s.launch_connection : s.start_connection;
    const uint32_t sequence = launching ? s.launch_sequence : s.start_sequence;
    s.exit_reported = true;  // nothing ran, so there is no exit to report
    if (s.joined) {
        // The daemon tells the client of an exec, on a stream that must not be shut down before.
        for (Client& client : s.clients) drop_client(s, client);
    }
    reply(s, connection, sequence, EIO, &failure, nullptr, 0);
}

void executed(Supervisor& s) {
    s.state = ProcessState::kRunning;
    reply(s, s.start_connection, s.start_sequence, 0, nullptr, nullptr, 0);
}

}  // namespace

void start_process(Supervisor& s, int connection, uint32_t sequence) {
    if (s.state != ProcessState::kParked) {
        reply(s, connection, sequence, s.state == ProcessState::kExited ? ESRCH : EBUSY, nullptr, nullptr, 0);
        return;
    }
    s.start_connection = connection;
    s.start_sequence = sequence;
    s.started_ns = unix_now_ns();
    s.state = ProcessState::kStarting;
    const char go = 1;
    if (send_packet(s.sync, &go, 1, nullptr, 0)) return;
    Failure failure;
    fail(failure, "let the first process go");
    s.started_ns = 0;
    s.state = ProcessState::kParked;  // as it still is; the daemon ends it
    reply(s, connection, sequence, EIO, &failure, nullptr, 0);
}

void on_sync(Supervisor& s) {
    Failure failure;
    int master = -1;
    size_t count = 0;
    const ssize_t size = receive_packet(s.sync, &failure, sizeof(failure), &master, 1, &count, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return;
    if (size == static_cast<ssize_t>(sizeof(failure))) {
        if (failure.kind == FailureKind::kNone) {
            parked(s, count == 1 ? master : -1);
        } else {
            failed(s, failure);
            close_sync(s);
        }
        return;
    }
    close_sync(s);
    if (s.state == ProcessState::kStarting) {
        executed(s);
    } else if (s.state == ProcessState::kLaunching) {
        errno = 0;
        fail(failure, FailureKind::kPolicy, "set up first process", "", "it ended without saying why");
        failed(s, failure);
    }
}

void on_process_end(Supervisor& s) {
    siginfo_t info{};
    if (waitid(P_PIDFD, static_cast<id_t>(s.pidfd), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
    if (s.sync >= 0) on_sync(s);  // what it said last
    if (s.sync >= 0 && s.state == ProcessState::kStarting) on_sync(s);
    s.loop.unwatch(s.pidfd);
    s.finished_ns = unix_now_ns();
    s.exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    on_oom(s);  // its own end may have been one, and nobody waits for news of the group any more
    unwatch_oom(s);
    s.oom_killed = has_oom_kill(s.oom_counter);
    s.state = ProcessState::kExited;
    s.deadline_ms = monotonic_ms() + kDrainMs;
}

void on_oom(Supervisor& s) {
    if (s.state == ProcessState::kExited) return;  // v1's event also fires when the group is removed
    if (s.oom_event >= 0) {
        uint64_t times = 0;
        if (read(s.oom_event, &times, sizeof(times)) < 0) return;
    } else {
        // memory.events changes for more than kills, such as a limit that was hit and room that was found. A group that
        // was removed cannot be read, and its file would be ready for ever.
        uint64_t kills = 0;
        if (!read_oom_kills(s.oom_counter, kills)) return unwatch_oom(s);
        if (kills <= s.oom_kills) return;
        s.oom_kills = kills;
    }
    broadcast(s, MessageKind::kOom);
}

// A client that sees the end of its stream asks for the exit code at once, and the daemon must know it by then.
void release_clients(Supervisor& s) {
    if (!s.holds_clients) return;
    bool connected = false;
    for (const int connection : s.connections) connected = connected || connection >= 0;
    if (connected && !s.destroying && monotonic_ms() < s.deadline_ms) return;
    s.holds_clients = false;
    s.deadline_ms = monotonic_ms() + kLingerMs;
    end_clients(s);
}

void finish_exit(Supervisor& s) {
    close_outputs(s);
    if (s.joined && !s.exit_reported && s.started_ns != 0) {
        broadcast(s, MessageKind::kExit);
        s.exit_reported = true;
        s.holds_clients = true;
        s.deadline_ms = monotonic_ms() + kHoldMs;
        release_clients(s);
        return;
    }
    g_log.finish(0);
    g_log.finish(1);
    g_log.end();
    end_clients(s);
    // A process that never started has no exit: a daemon that did not ask for its end sees us go and calls it lost.
    if (!s.exit_reported && s.started_ns != 0) {
        write_exit_record(s);
        broadcast(s, MessageKind::kExit);
    }
    s.exit_reported = true;
    s.deadline_ms = monotonic_ms() + (s.destroying ? kDestroyMs : kLingerMs);
}

void kill_process(Supervisor& s) {
    if (s.state != ProcessState::kExited && s.pidfd >= 0) (void)pidfd_send_signal(s.pidfd, SIGKILL);
}

}  // namespace slipway::supervisor
