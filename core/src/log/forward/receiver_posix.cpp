#if !defined(_WIN32)

#include "log/forward/receiver.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/sockios.h>
#endif

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

namespace slipway::core {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSliceMs = 50;
constexpr std::chrono::seconds kConnectPatience{10};
constexpr std::chrono::seconds kLookupPatience{10};
constexpr const char* kLocalSyslogPaths[] = {"/dev/log", "/var/run/syslog", "/var/run/log"};

Error given_up() {
    return Error(ErrorCode::kCancelled, "given up");
}

struct Address {
    sockaddr_storage bytes{};
    socklen_t size = 0;
    int family = AF_UNSPEC;
};

Result<Address> unix_address(const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.size() >= sizeof(name.sun_path)) {
        return Error(ErrorCode::kInvalidArgument, "socket path '" + path + "' is too long");
    }
    std::memcpy(name.sun_path, path.data(), path.size());
    Address address;
    address.family = AF_UNIX;
    address.size = sizeof(name);
    std::memcpy(&address.bytes, &name, sizeof(name));
    return address;
}

// The resolver cannot be interrupted, so it has a thread of its own, which is left behind when nobody waits any more.
struct Lookup {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    int failure = 0;
    Address address;
};

Result<Address> look_up(const std::string& host, const std::string& port, int type, const GoOn& go_on) {
    const auto lookup = std::make_shared<Lookup>();
    std::thread([lookup, host, port, type] {
        addrinfo hints{};
        hints.ai_socktype = type;
        addrinfo* list = nullptr;
        const int failure = getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
        const std::lock_guard lock(lookup->mutex);
        lookup->failure = failure;
        if (failure == 0 && list != nullptr) {
            lookup->address.family = list->ai_family;
            lookup->address.size = list->ai_addrlen;
            std::memcpy(&lookup->address.bytes, list->ai_addr, list->ai_addrlen);
        }
        if (list != nullptr) freeaddrinfo(list);
        lookup->done = true;
        lookup->changed.notify_all();
    }).detach();
    const auto end = Clock::now() + kLookupPatience;
    std::unique_lock lock(lookup->mutex);
    while (!lookup->changed.wait_for(lock, std::chrono::milliseconds(kSliceMs), [&] { return lookup->done; })) {
        if (!go_on()) return given_up();
        if (Clock::now() > end) return Error(ErrorCode::kUnavailable, "look up '" + host + "': no answer");
    }
    if (lookup->failure != 0) {
        return Error(ErrorCode::kUnavailable, "look up '" + host + "': " + gai_strerror(lookup->failure));
    }
    return lookup->address;
}

class SocketReceiver final : public Receiver {
public:
    SocketReceiver(ReceiverAddress address, std::function<void(const std::string&)> dropped)
        : address_(std::move(address)), dropped_(std::move(dropped)) {}
    ~SocketReceiver() override { SocketReceiver::close(); }

    bool is_open() const override { return fd_ >= 0; }

    void close() override {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

    Status open(const GoOn& go_on) override {
        close();
        using Kind = ReceiverAddress::Kind;
        switch (address_.kind) {
            case Kind::kUdp:
                return open_host(SOCK_DGRAM, go_on);
            case Kind::kTcp:
                return open_host(SOCK_STREAM, go_on);
            case Kind::kUnixDatagram:
                return open_unix(address_.path, SOCK_DGRAM, go_on);
            case Kind::kUnixStream:
                return open_unix(address_.path, SOCK_STREAM, go_on);
            case Kind::kLocalSyslog:
                return open_local(go_on);
        }
        return Error(ErrorCode::kInternal, "unknown kind of receiver");
    }

    Status send(const std::vector<std::string>& messages, size_t& accepted, const GoOn& go_on) override {
        accepted = 0;
        Status sent =
            type_ == SOCK_STREAM ? send_stream(messages, accepted, go_on) : send_datagrams(messages, accepted, go_on);
        if (!sent) close();
        return sent;
    }

    uint64_t unacknowledged() const override {
        if (type_ != SOCK_STREAM) return 0;
        if (fd_ < 0) return std::numeric_limits<uint64_t>::max();
#if defined(SIOCOUTQ)
        int bytes = 0;
        if (ioctl(fd_, SIOCOUTQ, &bytes) != 0 || bytes <= 0) return 0;
        // For a local socket that counts memory, not bytes: only its being nothing means something.
        return family_ == AF_UNIX ? accepted_bytes_ : static_cast<uint64_t>(bytes);
#else
        return 0;
#endif
    }

    bool has_hung_up() const override {
        if (fd_ < 0 || type_ != SOCK_STREAM) return false;
        char byte = 0;
        const ssize_t got = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got > 0) return discard_answer();
        return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
    }

private:
    // A receiver has nothing to say; what it says anyway must not hide the end of the stream.
    bool discard_answer() const {
        char bytes[512];
        while (true) {
            const ssize_t got = recv(fd_, bytes, sizeof(bytes), MSG_DONTWAIT);
            if (got > 0) continue;
            return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
        }
    }

    Status open_host(int type, const GoOn& go_on) {
        auto found = look_up(address_.host, address_.port, type, go_on);
        if (!found) return std::move(found).error();
        return connect(*found, type, address_.host + ":" + address_.port, go_on);
    }

    Status open_unix(const std::string& path, int type, const GoOn& go_on) {
        auto address = unix_address(path);
        if (!address) return std::move(address).error();
        return connect(*address, type, path, go_on);
    }

    Status open_local(const GoOn& go_on) {
        for (const char* path : kLocalSyslogPaths) {
            for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
                Status opened = open_unix(path, type, go_on);
                if (opened || opened.error().code() == ErrorCode::kCancelled) return opened;
            }
        }
        return Error(ErrorCode::kUnavailable,
                     "no local syslog takes messages at /dev/log, /var/run/syslog or /var/run/log");
    }

    Status connect(const Address& address, int type, const std::string& name, const GoOn& go_on) {
        type_ = type;
        family_ = address.family;
        accepted_bytes_ = 0;
        fd_ = socket(address.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd_ < 0) return Error::from_errno(errno, "socket");
        const auto* where = reinterpret_cast<const sockaddr*>(&address.bytes);
        int failure = ::connect(fd_, where, address.size) == 0 ? 0 : errno;
        if (failure == EINPROGRESS) {
            if (Status writable = wait(POLLOUT, Clock::now() + kConnectPatience, go_on); !writable) {
                close();
                return std::move(writable).error().context("connect to " + name);
            }
            socklen_t size = sizeof(failure);
            if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) failure = errno;
        }
        if (failure == 0) return ok();
        close();
        return Error::from_errno(failure, "connect to " + name).with_code(ErrorCode::kUnavailable);
    }

    Status wait(short events, Clock::time_point end, const GoOn& go_on) const {
        while (true) {
            pollfd ready{fd_, events, 0};
            const int count = poll(&ready, 1, kSliceMs);
            if (count > 0) return ok();
            if (count < 0 && errno != EINTR) return Error::from_errno(errno, "poll");
            if (!go_on()) return given_up();
            if (Clock::now() > end) return Error(ErrorCode::kDeadlineExceeded, "no answer");
        }
    }

    // Waits without end for a receiver that does not read: there is nobody who could be told.
    Status wait_for_room(const GoOn& go_on) const {
        return wait(POLLOUT, Clock::time_point::max(), go_on);
    }

    Status send_datagrams(const std::vector<std::string>& messages, size_t& accepted, const GoOn& go_on) {
        while (accepted < messages.size()) {
            const std::string& message = messages[accepted];
            if (::send(fd_, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
                ++accepted;
            } else if (errno == EMSGSIZE) {
                dropped_("a message of " + std::to_string(message.size()) + " bytes is too long for a datagram");
                ++accepted;
            } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                if (Status room = wait_for_room(go_on); !room) return room;
            } else if (errno == ENOBUFS) {  // of the device's queue, which poll() knows nothing about
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                if (!go_on()) return given_up();
            } else if (errno != EINTR) {
                return Error::from_errno(errno, "send").with_code(ErrorCode::kUnavailable);
            }
        }
        return ok();
    }

    Status send_stream(const std::vector<std::string>& messages, size_t& accepted, const GoOn& go_on) {
        std::string bytes;
        for (const std::string& message : messages) bytes += message;
        size_t done = 0;
        while (done < bytes.size()) {
            const ssize_t sent = ::send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0) {
                done += static_cast<size_t>(sent);
            } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                if (Status room = wait_for_room(go_on); !room) return room;
                if (has_hung_up())
                    return Error(ErrorCode::kUnavailable, "send: the receiver has closed the connection");
            } else if (errno != EINTR) {
                return Error::from_errno(errno, "send").with_code(ErrorCode::kUnavailable);
            }
        }
        accepted = messages.size();
        accepted_bytes_ += bytes.size();
        return ok();
    }

    const ReceiverAddress address_;
    const std::function<void(const std::string&)> dropped_;
    int fd_ = -1;
    int type_ = SOCK_DGRAM;
    int family_ = AF_UNSPEC;
    uint64_t accepted_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Receiver> make_receiver(ReceiverAddress address, std::function<void(const std::string&)> dropped) {
    return std::make_unique<SocketReceiver>(std::move(address), std::move(dropped));
}

}  // namespace slipway::core

#endif
