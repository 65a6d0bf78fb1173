// control.cpp - the daemon's side: connections, requests, answers, events.
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <slipway_supervisor/fd_passing.hpp>
#include "supervisor.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

alignas(8) char g_packet[kMaxPacketBytes];

void drop_connection(Supervisor& s, uint32_t index) {
    s.loop.unwatch(s.connections[index]);
    shutdown(s.connections[index], SHUT_RDWR);  // a parked process has a copy, which keeps it open
    close(s.connections[index]);
    s.connections[index] = -1;
    if (s.launch_connection == static_cast<int>(index)) s.launch_connection = -1;
    if (s.start_connection == static_cast<int>(index)) s.start_connection = -1;
    if (!s.ends_with_daemon) return;
    for (const int connection : s.connections) {
        if (connection >= 0) return;
    }
    kill_process(s);
}

void send_report(Supervisor& s, int connection, const StateReport& report, const int* fds, int fd_count) {
    if (connection < 0 || s.connections[connection] < 0) return;  // the daemon went away; the exit record stays
    if (send_packet(s.connections[connection], &report, sizeof(report), fds, fd_count, MSG_DONTWAIT)) return;
    // A daemon that waits for what cannot be said sees the connection end instead.
    drop_connection(s, static_cast<uint32_t>(connection));
}

// Reads the fixed part of a request; false when it is too short.
template <class Request>
bool read_request(size_t size, Request& out) {
    if (size < sizeof(Request)) return false;
    memcpy(&out, g_packet, sizeof(Request));
    return true;
}

int attach(Supervisor& s, size_t size, int* fds, size_t fd_count) {
    AttachRequest request;
    if (fd_count != 1 || !read_request(size, request)) return EINVAL;
    const uint64_t payload = uint64_t{request.preamble_bytes} + request.early_bytes + request.keys_bytes;
    if (payload != size - sizeof(request) || request.keys_bytes > kMaxDetachKeys) return EINVAL;
    const int result = add_client(s, fds[0], request, g_packet + sizeof(request));
    if (result == 0) fds[0] = -1;  // the client's now
    return result;
}

int resize(Supervisor& s, size_t size) {
    ResizeRequest request;
    if (!read_request(size, request)) return EINVAL;
    if (!s.tty || s.outputs[0].fd < 0 || s.state == ProcessState::kExited) return ENOTTY;
    winsize window{};
    window.ws_row = static_cast<unsigned short>(request.rows);
    window.ws_col = static_cast<unsigned short>(request.columns);
    return ioctl(s.outputs[0].fd, TIOCSWINSZ, &window) == 0 ? 0 : errno;
}

void destroy(Supervisor& s) {
    s.destroying = true;
    kill_process(s);
    const int64_t latest = monotonic_ms() + kDestroyMs;
    if (s.deadline_ms != 0 && s.deadline_ms > latest) s.deadline_ms = latest;
}

void handle(Supervisor& s, uint32_t index, const ControlHeader& header, size_t size, int* fds, size_t fd_count) {
    const auto connection = static_cast<int>(index);
    switch (header.kind) {
        case MessageKind::kStart:
            start_process(s, connection, header.sequence);
            return;
        case MessageKind::kHello: {
            const int own[2] = {s.pidfd, s.self_pidfd};
            reply(s, connection, header.sequence, 0, nullptr, own, 2);
            return;
        }
        case MessageKind::kAttach:
            reply(s, connection, header.sequence, attach(s, size, fds, fd_count), nullptr, nullptr, 0);
            return;
        case MessageKind::kResize:
            reply(s, connection, header.sequence, resize(s, size), nullptr, nullptr, 0);
            return;
        case MessageKind::kDestroy:
            destroy(s);
            reply(s, connection, header.sequence, 0, nullptr, nullptr, 0);
            return;
        case MessageKind::kLaunch:
        case MessageKind::kReply:
        case MessageKind::kExit:
        case MessageKind::kOom:
            break;
    }
    reply(s, connection, header.sequence, EINVAL, nullptr, nullptr, 0);
}

bool is_same_user(int fd) {
    ucred peer{};
    socklen_t size = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

}  // namespace

void fill_report(const Supervisor& s, StateReport& report) {
    report.header.size = sizeof(report);
    report.state = s.state;
    report.pid = s.pid;
    report.supervisor_pid = getpid();
    report.started_ns = s.started_ns;
    report.finished_ns = s.finished_ns;
    report.exit_code = s.exit_code;
    report.oom_killed = s.oom_killed ? 1 : 0;
}

void reply(Supervisor& s, int connection, uint32_t sequence, int result, const Failure* failure, const int* fds,
           int fd_count) {
    StateReport report;
    fill_report(s, report);
    report.header.kind = MessageKind::kReply;
    report.header.sequence = sequence;
    report.result = result;
    if (failure != nullptr) report.failure = *failure;
    send_report(s, connection, report, fds, fd_count);
}

void broadcast(Supervisor& s, MessageKind kind) {
    StateReport report;
    fill_report(s, report);
    report.header.kind = kind;
    for (uint32_t i = 0; i < kMaxConnections; ++i) send_report(s, static_cast<int>(i), report, nullptr, 0);
}

void on_listener(Supervisor& s) {
    ScopedFd fd{accept4(s.listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!fd || !is_same_user(fd.get())) return;
    for (uint32_t i = 0; i < kMaxConnections; ++i) {
        if (s.connections[i] >= 0) continue;
        if (s.loop.watch(fd.get(), Source::kConnection, i, EPOLLIN)) s.connections[i] = fd.release();
        return;
    }
}

void on_connection(Supervisor& s, uint32_t index) {
    if (s.connections[index] < 0) return;
    int fds[2] = {-1, -1};
    size_t fd_count = 0;
    const ssize_t size =
        receive_packet(s.connections[index], g_packet, sizeof(g_packet), fds, 2, &fd_count, MSG_DONTWAIT);
    // Short of memory for a moment: the packet waits, and so does the daemon.
    if (size < 0 && (errno == EAGAIN || errno == ENOMEM || errno == ENOBUFS || errno == EINTR)) return;
    ControlHeader header;
    if (size < static_cast<ssize_t>(sizeof(header))) {
        drop_connection(s, index);
        return;
    }
    memcpy(&header, g_packet, sizeof(header));
    if (header.magic != kControlMagic || header.size != static_cast<uint32_t>(size)) {
        drop_connection(s, index);
    } else {
        handle(s, index, header, static_cast<size_t>(size), fds, fd_count);
    }
    for (size_t i = 0; i < fd_count; ++i) {
        if (fds[i] >= 0) close(fds[i]);
    }
}

}  // namespace slipway::supervisor
