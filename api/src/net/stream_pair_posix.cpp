#include "net/stream_pair.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace slipway::api {
namespace {

constexpr int kTickMs = 200;

int fd_of(slw_os_handle handle) {
    return static_cast<int>(handle);
}

void close_end(slw_os_handle& handle) {
    if (handle >= 0) ::close(fd_of(std::exchange(handle, -1)));
}

}  // namespace

Result<StreamPair> StreamPair::make() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return Error::from_errno(errno, "socketpair");
    return StreamPair(ends[0], ends[1]);
}

StreamPair::StreamPair(StreamPair&& other) noexcept
    : near_(std::exchange(other.near_, -1)), far_(std::exchange(other.far_, -1)) {}

StreamPair::~StreamPair() {
    close_end(near_);
    close_end(far_);
}

void StreamPair::close_far_end() {
    close_end(far_);
}

int64_t StreamPair::read(void* to, size_t capacity) const {
    for (;;) {
        const ssize_t got = ::recv(fd_of(near_), to, capacity, 0);
        if (got >= 0 || errno != EINTR) return got;
    }
}

bool StreamPair::write(std::string_view bytes, const std::function<bool()>& gives_up) const {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_of(near_), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) {
            pollfd room{fd_of(near_), POLLOUT, 0};
            (void)::poll(&room, 1, kTickMs);
            if (gives_up()) return false;
            continue;
        }
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
}

void StreamPair::cut() const {
    ::shutdown(fd_of(near_), SHUT_RDWR);
}

}  // namespace slipway::api
