// clients.cpp - attached clients. Their sockets are shared with whoever handed them over, so they are never made
// non-blocking: every call says MSG_DONTWAIT instead.
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervisor.hpp"

namespace slipway::supervisor {
namespace {

char g_input[kMaxEarlyInputBytes];
char g_filtered[kMaxEarlyInputBytes + kMaxDetachKeys];
char g_out[kMaxClients][kClientCapacity];

uint32_t index_of(const Supervisor& s, const Client& client) {
    return static_cast<uint32_t>(&client - s.clients);
}

void forget(Client& client) {
    client.fd = -1;
    client.flags = 0;
    client.input_ended = client.ending = client.shut = false;
    // A slow client's pages go back to the system; whole pages inside the buffer only.
    const size_t skip = (4096 - reinterpret_cast<uintptr_t>(client.out) % 4096) % 4096;
    if (client.end > 16 * 1024)
        (void)madvise(client.out + skip, (kClientCapacity - skip) & ~size_t{4095}, MADV_DONTNEED);
    client.start = client.end = 0;
}

void append(Client& client, const char* bytes, size_t size) {
    if (client.start > 0 && client.end + size > kClientCapacity) {
        memmove(client.out, client.out + client.start, client.end - client.start);
        client.end -= client.start;
        client.start = 0;
    }
    if (client.end + size > kClientCapacity) return;  // room was made before reading; only a preamble can get here
    memcpy(client.out + client.end, bytes, size);
    client.end += size;
}

// Room in the kernel for all that is pending, which then outlives us: a client that reads late still gets it. Without
// CAP_NET_ADMIN over the machine it is as much as the system allows anybody.
void make_room_in_socket(const Client& client) {
    int now = 0;
    socklen_t size = sizeof(now);
    if (client.start == client.end || getsockopt(client.fd, SOL_SOCKET, SO_SNDBUF, &now, &size) != 0) return;
    // The kernel doubles what is asked for and reports the double: book-keeping counts as well.
    const int wanted = now + static_cast<int>(client.end - client.start);
    if (setsockopt(client.fd, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof(wanted)) != 0)
        (void)setsockopt(client.fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof(wanted));
}

// Whether what it sends is for the container's stdin, and its end has not come yet.
bool owes_input(const Client& client) {
    return (client.flags & kAttachStdin) != 0 && !client.input_ended && !client.ending;
}

// Input is taken only while there is room; what nobody wants is read at any time, so that its end is noticed.
bool may_read(const Supervisor& s, const Client& client) {
    return !client.input_ended && (!owes_input(client) || input_has_room(s));
}

bool hung_up(const Client& client) {
    pollfd state{client.fd, 0, 0};
    return poll(&state, 1, 0) == 1;
}

// False when the client is gone.
bool flush(Supervisor& s, Client& client) {
    while (client.start < client.end) {
        const ssize_t sent =
            send(client.fd, client.out + client.start, client.end - client.start, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            client.start += static_cast<size_t>(sent);
        } else if (sent < 0 && errno == EINTR) {
            continue;
        } else if (sent < 0 && errno == EAGAIN) {
            return true;
        } else if ((errno == EPIPE || errno == ECONNRESET) && owes_input(client)) {
            client.flags &= ~(kAttachStdout | kAttachStderr);  // it went away; what it sent before still counts
            break;
        } else {
            drop_client(s, client);
            return false;
        }
    }
    client.start = client.end = 0;
    if (client.ending && !client.shut) {
        client.shut = true;
        (void)shutdown(client.fd, SHUT_WR);
        if (client.input_ended) {
            drop_client(s, client);
            return false;
        }
    }
    return true;
}

// Reads what the client sent; input nobody wants is thrown away, so that its end is noticed.
void receive(Supervisor& s, Client& client) {
    const ssize_t got = recv(client.fd, g_input, sizeof(g_input), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        client_input_ended(s, client);
        if (got < 0 || client.shut) drop_client(s, client);
        return;
    }
    if ((client.flags & kAttachStdin) == 0 || client.ending) return;
    size_t passed = 0;
    const bool detached = client.keys.filter(g_input, static_cast<size_t>(got), g_filtered, &passed);
    queue_input(s, g_filtered, passed);
    write_input(s);
    if (detached) {
        client.ending = true;
        client.input_ended = true;  // leaving by key is not the end of stdin
        (void)flush(s, client);
    }
}

void watch(Supervisor& s, Client& client) {
    uint32_t events = 0;
    if (client.start < client.end) events |= EPOLLOUT;
    if (may_read(s, client)) events |= EPOLLIN;
    // One that sent and went away would be reported as hung up until there is room for the rest.
    if (events == 0 && owes_input(client)) return s.loop.unwatch(client.fd);
    (void)s.loop.watch(client.fd, Source::kClient, index_of(s, client), events);
}

// Clients that went away while their input waits for the container give way when all places are taken.
void make_room_for_client(Supervisor& s) {
    for (const Client& client : s.clients) {
        if (client.fd < 0) return;
    }
    for (Client& client : s.clients) {
        if (owes_input(client) && hung_up(client)) drop_client(s, client);
    }
}

}  // namespace

int add_client(Supervisor& s, int fd, const AttachRequest& request, const char* payload) {
    if (s.state == ProcessState::kExited) return ESRCH;
    if (request.preamble_bytes > kClientLimit / 2 || request.early_bytes > kMaxEarlyInputBytes) return EMSGSIZE;
    if (request.early_bytes > kInputCapacity - (s.input_end - s.input_start)) return EAGAIN;
    make_room_for_client(s);
    for (Client& client : s.clients) {
        if (client.fd >= 0) continue;
        client.fd = fd;
        client.flags = request.flags;
        client.out = g_out[index_of(s, client)];
        if (!s.open_stdin) client.flags &= ~kAttachStdin;
        append(client, payload, request.preamble_bytes);
        const char* early = payload + request.preamble_bytes;
        client.keys.set(early + request.early_bytes, s.tty ? request.keys_bytes : 0);
        if ((client.flags & kAttachStdin) != 0 && request.early_bytes > 0) {
            queue_input(s, early, request.early_bytes);
            write_input(s);
        }
        (void)flush(s, client);
        return 0;
    }
    return EMFILE;
}

void drop_client(Supervisor& s, Client& client) {
    if (client.fd < 0) return;
    s.loop.unwatch(client.fd);
    client_input_ended(s, client);
    // Closing with unread input would reset the connection and cut off what the other side has yet to read.
    while (recv(client.fd, g_input, sizeof(g_input), MSG_DONTWAIT) > 0) {
    }
    close(client.fd);
    forget(client);
}

void on_client(Supervisor& s, uint32_t index, uint32_t events) {
    Client& client = s.clients[index];
    if (client.fd < 0) return;
    if ((events & EPOLLOUT) != 0 && !flush(s, client)) return;
    if ((events & EPOLLIN) != 0 && may_read(s, client)) receive(s, client);
    const bool is_over = (events & (EPOLLERR | EPOLLHUP)) != 0 && (events & EPOLLIN) == 0;
    if (client.fd >= 0 && is_over && !owes_input(client)) drop_client(s, client);
}

void send_to_clients(Supervisor& s, uint32_t stream, const char* bytes, size_t size) {
    const uint32_t wanted = stream == 0 ? kAttachStdout : kAttachStderr;
    for (Client& client : s.clients) {
        if (client.fd < 0 || client.ending || (client.flags & wanted) == 0) continue;
        if ((client.flags & kAttachMultiplexed) != 0) {
            const auto length = static_cast<uint32_t>(size);
            const char header[8] = {static_cast<char>(stream + 1),
                                    0,
                                    0,
                                    0,
                                    static_cast<char>(length >> 24),
                                    static_cast<char>(length >> 16),
                                    static_cast<char>(length >> 8),
                                    static_cast<char>(length)};
            append(client, header, sizeof(header));
        }
        append(client, bytes, size);
        (void)flush(s, client);
    }
}

void update_clients(Supervisor& s) {
    for (Client& client : s.clients) {
        if (client.fd >= 0) watch(s, client);
    }
}

void end_clients(Supervisor& s) {
    for (Client& client : s.clients) {
        if (client.fd < 0) continue;
        client.ending = true;
        make_room_in_socket(client);
        (void)flush(s, client);
    }
}

bool any_clients(const Supervisor& s) {
    for (const Client& client : s.clients) {
        if (client.fd >= 0) return true;
    }
    return false;
}

}  // namespace slipway::supervisor
