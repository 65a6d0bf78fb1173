// slipway_supervisor/fd_passing.hpp - packets with descriptors over a local socket.
#pragma once

#include <slipway_supervisor/control.hpp>

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace slipway::supervisor {

// Sends one packet with up to 2 descriptors; false when it did not go out. Never raises SIGPIPE.
inline bool send_packet(int sock, const void* data, size_t size, const int* fds, int fd_count, int flags = 0) {
    constexpr int kMaxFds = 2;
    if (fd_count > kMaxFds) return false;
    iovec part{const_cast<void*>(data), size};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fd_count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * static_cast<size_t>(fd_count));
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int) * static_cast<size_t>(fd_count));
        memcpy(CMSG_DATA(head), fds, sizeof(int) * static_cast<size_t>(fd_count));
    }
    ssize_t sent = 0;
    do {
        sent = sendmsg(sock, &message, MSG_NOSIGNAL | flags);
    } while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(size);
}

// Receives one packet; descriptors beyond `fd_capacity` are closed. Returns its size, 0 at the end, -1 with errno
// (EMSGSIZE when it did not fit).
inline ssize_t receive_packet(int sock, void* data, size_t capacity, int* fds, size_t fd_capacity, size_t* fd_count,
                              int flags = 0) {
    iovec part{data, capacity};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFdsPerPacket)];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    ssize_t got = 0;
    do {
        got = recvmsg(sock, &message, MSG_CMSG_CLOEXEC | flags);
    } while (got < 0 && errno == EINTR);
    *fd_count = 0;
    if (got < 0) return got;
    for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
            int fd = -1;
            memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
            if (*fd_count < fd_capacity) {
                fds[(*fd_count)++] = fd;
            } else {
                close(fd);
            }
        }
    }
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        for (size_t i = 0; i < *fd_count; ++i) close(fds[i]);
        *fd_count = 0;
        errno = EMSGSIZE;
        return -1;
    }
    return got;
}

}  // namespace slipway::supervisor
