#include "engine/client_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>

namespace slipway::core {

namespace {
constexpr int kWriteTimeoutMs = 10'000;
}

ClientStream& ClientStream::operator=(ClientStream&& other) noexcept {
    if (this != &other) {
        close();
        handle_ = std::exchange(other.handle_, -1);
    }
    return *this;
}

Result<ClientStream> ClientStream::duplicate(int64_t handle) {
    const int fd = ::fcntl(static_cast<int>(handle), F_DUPFD_CLOEXEC, 3);
    if (fd < 0) return Error::from_errno(errno, "duplicate the client's connection");
    return ClientStream(fd);
}

Status ClientStream::write_all(std::string_view bytes) const {
    const int fd = static_cast<int>(handle_);
    while (!bytes.empty()) {
        // MSG_DONTWAIT: the descriptor shares its flags with the server's, which must stay as they are.
        const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<size_t>(sent));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) return Error::from_errno(errno, "write to the client");
        pollfd ready{fd, POLLOUT, 0};
        const int count = ::poll(&ready, 1, kWriteTimeoutMs);
        if (count == 0) return Error(ErrorCode::kDeadlineExceeded, "the client does not read");
        if (count < 0 && errno != EINTR) return Error::from_errno(errno, "wait for the client");
    }
    return ok();
}

bool ClientStream::is_peer_gone() const {
    pollfd state{static_cast<int>(handle_), 0, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void ClientStream::close() {
    if (handle_ >= 0) ::close(static_cast<int>(std::exchange(handle_, -1)));
}

}  // namespace slipway::core
