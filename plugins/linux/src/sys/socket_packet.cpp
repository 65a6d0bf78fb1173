#include <sys/socket_packet.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

namespace slipway::linux_backend {

Status send_packet_with_fds(int sock, const std::vector<uint8_t>& bytes, const int* fds, size_t count) {
    iovec part{const_cast<uint8_t*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    std::vector<uint64_t> control;  // aligned for cmsghdr
    if (count > 0) {
        const size_t fd_bytes = sizeof(int) * count;
        control.resize((CMSG_SPACE(fd_bytes) + sizeof(uint64_t) - 1) / sizeof(uint64_t));
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(fd_bytes);
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(fd_bytes);
        std::memcpy(CMSG_DATA(head), fds, fd_bytes);
    }
    ssize_t sent = 0;
    do {
        sent = sendmsg(sock, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent == static_cast<ssize_t>(bytes.size())) return ok();
    return Error::from_errno(sent < 0 ? errno : EIO, "send to the supervisor");
}

}  // namespace slipway::linux_backend
