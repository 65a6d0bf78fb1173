// input.cpp - what clients type, to the container's stdin. One buffer for all: clients are read only while it is empty.
#include <errno.h>
#include <unistd.h>

#include "supervisor.hpp"

namespace slipway::supervisor {
namespace {

char g_pending[kInputCapacity + kMaxDetachKeys];

void close_input(Supervisor& s) {
    if (s.input < 0) return;
    s.loop.unwatch(s.input);
    close(s.input);
    s.input = -1;
    s.input_start = s.input_end = 0;
}

}  // namespace

bool input_has_room(const Supervisor& s) {
    return s.input_start == s.input_end;
}

void queue_input(Supervisor& s, const char* bytes, size_t size) {
    if (s.input < 0 || s.input_closing) return;
    if (s.input_start > 0) {
        memmove(g_pending, g_pending + s.input_start, s.input_end - s.input_start);
        s.input_end -= s.input_start;
        s.input_start = 0;
    }
    const size_t room = sizeof(g_pending) - s.input_end;
    const size_t part = size < room ? size : room;  // callers checked; a cut is the lesser evil
    memcpy(g_pending + s.input_end, bytes, part);
    s.input_end += part;
}

void write_input(Supervisor& s) {
    while (s.input >= 0 && s.input_start < s.input_end) {
        const ssize_t wrote = write(s.input, g_pending + s.input_start, s.input_end - s.input_start);
        if (wrote > 0) {
            s.input_start += static_cast<size_t>(wrote);
        } else if (wrote < 0 && errno == EINTR) {
            continue;
        } else if (wrote < 0 && errno == EAGAIN) {
            (void)s.loop.watch(s.input, Source::kInput, 0, EPOLLOUT);
            return;
        } else if (wrote < 0 && errno == EIO && terminal_rests(s)) {
            s.loop.unwatch(s.input);
            return;
        } else {
            close_input(s);  // nobody reads it any more
            return;
        }
    }
    s.input_start = s.input_end = 0;
    if (s.input < 0) return;
    s.loop.unwatch(s.input);
    if (s.input_closing) close_input(s);
}

void on_input_ready(Supervisor& s) {
    write_input(s);
}

void client_input_ended(Supervisor& s, Client& client) {
    if (client.input_ended) return;
    client.input_ended = true;
    if ((client.flags & kAttachStdin) == 0 || !s.stdin_once || s.tty) return;
    s.input_closing = true;
    write_input(s);
}

}  // namespace slipway::supervisor
