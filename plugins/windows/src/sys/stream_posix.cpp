// Streams where tests run the backend against the simulated host on a POSIX system.
#include <sys/stream.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace slipway::windows_backend {
namespace {

// How soon a cancellation is noticed.
constexpr int kSliceMs = 20;

class FdStream : public Stream {
public:
    explicit FdStream(int fd) : fd_(fd) {}
    ~FdStream() override { close(fd_); }

    int64_t read(void* buffer, size_t capacity) override {
        while (!cancelled_ && !reading_cancelled_) {
            if (!ready(POLLIN)) continue;
            const ssize_t got = ::read(fd_, buffer, capacity);
            if (got >= 0) return got;
            if (errno != EINTR && errno != EAGAIN) return errno == ECONNRESET ? 0 : -1;
        }
        return -1;
    }

    bool write(const void* data, size_t size) override {
        const char* at = static_cast<const char*>(data);
        while (size > 0 && !cancelled_) {
            if (!ready(POLLOUT)) continue;
            const ssize_t wrote = send(fd_, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (wrote < 0 && errno != EINTR && errno != EAGAIN) return false;
            if (wrote <= 0) continue;
            at += wrote;
            size -= static_cast<size_t>(wrote);
        }
        return size == 0;
    }

    void end_writing() override { shutdown(fd_, SHUT_WR); }
    void cancel() override { cancelled_ = true; }
    void cancel_reading() override { reading_cancelled_ = true; }

private:
    bool ready(short events) const {
        pollfd wanted{fd_, events, 0};
        return poll(&wanted, 1, kSliceMs) > 0;
    }

    const int fd_;
    std::atomic<bool> cancelled_{false}, reading_cancelled_{false};
};

}  // namespace

std::unique_ptr<Stream> Stream::adopt(raw::Handle handle) {
    return std::make_unique<FdStream>(static_cast<int>(reinterpret_cast<intptr_t>(handle) - 1));
}

Result<std::unique_ptr<Stream>> Stream::duplicate(slw_os_handle handle) {
    const int fd = fcntl(static_cast<int>(handle), F_DUPFD_CLOEXEC, 3);
    if (fd < 0) return Error::from_errno(errno, "duplicate the client's stream");
    return std::unique_ptr<Stream>(std::make_unique<FdStream>(fd));
}

}  // namespace slipway::windows_backend
