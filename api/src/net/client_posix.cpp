#include "net/client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace slipway::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// True when `events` came before `deadline`; errors and hang-ups count as having come.
bool wait_for(int fd, short events, Deadline deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
        pollfd entry{fd, events, 0};
        const int timeout = static_cast<int>(std::clamp<int64_t>(left, 0, 1 << 30));
        const int ready = ::poll(&entry, 1, timeout);
        if (ready > 0) return true;
        if (ready == 0) return false;
        if (errno != EINTR) return true;  // the read that follows reports what is wrong
    }
}

int fd_of(slw_os_handle descriptor) {
    return static_cast<int>(descriptor);
}

ssize_t receive(int fd, void* to, size_t capacity, int flags) {
    for (;;) {
        const ssize_t got = ::recv(fd, to, capacity, flags);
        if (got >= 0 || errno != EINTR) return got;
    }
}

}  // namespace

void cut_connection(slw_os_handle descriptor) {
    ::shutdown(fd_of(descriptor), SHUT_RDWR);
}

ReadOutcome Client::fill(Deadline deadline) {
    if (begin_ == end_) {
        begin_ = end_ = 0;
    } else if (end_ == kCapacity && begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (!wait_for(fd_of(descriptor_), POLLIN, deadline)) return ReadOutcome::kTimeout;
    const ssize_t got = receive(fd_of(descriptor_), buffer_.data() + end_, kCapacity - end_, 0);
    if (got <= 0) return ReadOutcome::kClosed;
    end_ += static_cast<size_t>(got);
    return ReadOutcome::kData;
}

void Client::consume(size_t count) {
    begin_ += std::min(count, end_ - begin_);
}

int64_t Client::read(void* to, size_t capacity, milliseconds timeout) {
    if (begin_ != end_) {
        const size_t count = std::min(capacity, end_ - begin_);
        std::memcpy(to, buffer_.data() + begin_, count);
        consume(count);
        return static_cast<int64_t>(count);
    }
    if (!wait_for(fd_of(descriptor_), POLLIN, steady_clock::now() + timeout)) return -1;
    return receive(fd_of(descriptor_), to, capacity, 0);
}

bool Client::send(std::string_view data) {
    return send(data, {});
}

bool Client::send(std::string_view head, std::string_view body) {
    std::array<iovec, 2> parts{iovec{const_cast<char*>(head.data()), head.size()},
                               iovec{const_cast<char*>(body.data()), body.size()}};
    size_t first = 0;
    while (first < parts.size()) {
        if (parts[first].iov_len == 0) {
            ++first;
            continue;
        }
        msghdr message{};
        message.msg_iov = &parts[first];
        message.msg_iovlen = parts.size() - first;
        const ssize_t sent = ::sendmsg(fd_of(descriptor_), &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        auto left = static_cast<size_t>(sent);
        for (size_t i = first; i < parts.size() && left > 0; ++i) {
            const size_t step = std::min(left, parts[i].iov_len);
            parts[i].iov_base = static_cast<char*>(parts[i].iov_base) + step;
            parts[i].iov_len -= step;
            left -= step;
        }
    }
    return true;
}

bool Client::is_gone() const {
    pollfd entry{fd_of(descriptor_), POLLRDHUP, 0};
    return ::poll(&entry, 1, 0) > 0;
}

void Client::linger_and_close() {
    ::shutdown(fd_of(descriptor_), SHUT_WR);
    // Bounded both ways: a client that keeps sending a large body is cut off.
    const Deadline deadline = steady_clock::now() + milliseconds(2000);
    size_t budget = size_t{64} << 20;
    while (budget > 0 && wait_for(fd_of(descriptor_), POLLIN, deadline)) {
        const ssize_t got = receive(fd_of(descriptor_), buffer_.data(), kCapacity, 0);
        if (got <= 0) break;
        budget -= std::min(budget, static_cast<size_t>(got));
    }
    cut_connection(descriptor_);
}

}  // namespace slipway::api
