// output.cpp - what the container writes: read once, to the log and to every client that wants it.
#include <errno.h>
#include <unistd.h>

#include "supervisor.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

constexpr size_t kFrameHeader = 8;
constexpr size_t kWorthReading = 4096;

char g_buffer[32 * 1024];

uint32_t stream_flag(uint32_t stream) {
    return stream == 0 ? kAttachStdout : kAttachStderr;
}

// Bytes that may be read so that no client passes `limit`.
size_t room_for(const Supervisor& s, uint32_t stream, size_t limit) {
    size_t room = sizeof(g_buffer);
    for (const Client& client : s.clients) {
        if (client.fd < 0 || client.ending || (client.flags & stream_flag(stream)) == 0) continue;
        const size_t used = client.end - client.start + kFrameHeader;
        const size_t free = used < limit ? limit - used : 0;
        if (free < room) room = free;
    }
    return room;
}

void close_output(Supervisor& s, uint32_t stream) {
    Output& output = s.outputs[stream];
    if (output.fd < 0) return;
    s.loop.unwatch(output.fd);
    close(output.fd);
    output.fd = -1;
}

void capture(Supervisor& s, const char* bytes, size_t size) {
    if (s.capture_left == 0) return;
    const size_t kept = size < s.capture_left ? size : static_cast<size_t>(s.capture_left);
    const ssize_t wrote = write(s.capture, bytes, kept);
    s.capture_left = wrote == static_cast<ssize_t>(kept) ? s.capture_left - kept : 0;
}

// One read. 0: the stream ended, now closed; -1: nothing there.
ssize_t pump(Supervisor& s, uint32_t stream, size_t room) {
    const ssize_t got = read(s.outputs[stream].fd, g_buffer, room);
    if (got > 0) {
        g_log.write(stream, g_buffer, static_cast<size_t>(got));
        capture(s, g_buffer, static_cast<size_t>(got));
        send_to_clients(s, stream, g_buffer, static_cast<size_t>(got));
        return got;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return -1;
    if (got < 0 && errno == EIO && terminal_rests(s)) {
        s.loop.unwatch(s.outputs[stream].fd);  // its hang-up would be reported over and over
        s.outputs[stream].resting = true;
        return -1;
    }
    close_output(s, stream);  // end of file, or EIO: the last user of the terminal is gone
    return 0;
}

}  // namespace

void on_output(Supervisor& s, uint32_t stream) {
    if (s.outputs[stream].fd < 0) return;
    const size_t room = room_for(s, stream, kClientLimit);
    if (room >= kWorthReading) (void)pump(s, stream, room);
}

void update_outputs(Supervisor& s) {
    for (uint32_t stream = 0; stream < 2; ++stream) {
        Output& output = s.outputs[stream];
        if (output.fd < 0 || output.resting) continue;
        const bool pause = room_for(s, stream, kClientLimit) < kWorthReading;
        // Unwatched rather than masked: a hang-up would be reported over and over.
        if (pause && !output.paused) s.loop.unwatch(output.fd);
        if (!pause) (void)s.loop.watch(output.fd, Source::kOutput, stream, EPOLLIN);
        output.paused = pause;
    }
}

bool drain_outputs(Supervisor& s) {
    bool empty = true;
    for (uint32_t stream = 0; stream < 2; ++stream) {
        while (s.outputs[stream].fd >= 0) {
            const size_t room = room_for(s, stream, kClientCapacity);
            if (room < kWorthReading) {
                empty = false;
                break;
            }
            if (pump(s, stream, room) < 0) break;  // somebody outside still holds it open; there is nothing in it
        }
    }
    return empty;
}

void end_slow_clients(Supervisor& s) {
    for (Client& client : s.clients) {
        if (client.fd < 0 || client.ending) continue;
        if (client.end - client.start + kFrameHeader + kWorthReading > kClientCapacity) client.ending = true;
    }
}

void close_outputs(Supervisor& s) {
    close_output(s, 0);
    close_output(s, 1);
}

bool terminal_rests(Supervisor& s) {
    if (!s.tty || s.state == ProcessState::kExited) return false;
    if (s.terminal_retry_ms == 0) s.terminal_retry_ms = monotonic_ms() + kTerminalRetryMs;
    return true;
}

void retry_terminal(Supervisor& s) {
    if (s.terminal_retry_ms == 0 || monotonic_ms() < s.terminal_retry_ms) return;
    s.terminal_retry_ms = 0;
    s.outputs[0].resting = false;
    if (!input_has_room(s)) write_input(s);
}

}  // namespace slipway::supervisor
