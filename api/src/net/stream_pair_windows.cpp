// A pair of TCP sockets on the loopback address: of what Windows has they alone keep for the other end what was sent
// before a shutdown.
#include "net/stream_pair.hpp"

#include <slipway/core/overlapped.hpp>

#include <winsock2.h>
#include <ws2tcpip.h>

#include <array>
#include <utility>

namespace slipway::api {
namespace {

namespace overlapped = core::overlapped;
using overlapped::Outcome;

Error last_error(const char* call) {
    return Error::from_code(std::error_code(::WSAGetLastError(), std::system_category()), "connect two streams")
        .with_operation(call);
}

class Socket {
public:
    Socket() = default;
    explicit Socket(SOCKET socket) : socket_(socket) {}
    Socket(Socket&& other) noexcept : socket_(std::exchange(other.socket_, INVALID_SOCKET)) {}
    Socket& operator=(Socket&& other) noexcept {
        std::swap(socket_, other.socket_);
        return *this;
    }
    ~Socket() {
        if (socket_ != INVALID_SOCKET) ::closesocket(socket_);
    }

    explicit operator bool() const { return socket_ != INVALID_SOCKET; }
    SOCKET get() const { return socket_; }
    slw_os_handle release() { return static_cast<slw_os_handle>(std::exchange(socket_, INVALID_SOCKET)); }

private:
    SOCKET socket_ = INVALID_SOCKET;
};

// Not inherited by the processes that backends start.
Socket make_socket() {
    return Socket(
        ::WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
}

using AddressOf = int(WSAAPI*)(SOCKET, sockaddr*, int*);

bool read_address(AddressOf function, const Socket& socket, sockaddr_in& address) {
    int size = sizeof(address);
    return function(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
}

// The other end of `ours`. Any process may connect to a loopback port, so those that did so in between are turned away.
Socket accept_from(const Socket& listener, const Socket& ours) {
    sockaddr_in expected{};
    if (!read_address(::getsockname, ours, expected)) return {};
    for (;;) {
        Socket accepted(::accept(listener.get(), nullptr, nullptr));
        if (!accepted) return {};
        sockaddr_in peer{};
        const bool found = read_address(::getpeername, accepted, peer);
        // All of 127.0.0.0/8 is this machine, and the same port of another address is somebody else's.
        if (found && peer.sin_port == expected.sin_port && peer.sin_addr.s_addr == expected.sin_addr.s_addr) {
            return accepted;
        }
    }
}

void send_at_once(const Socket& socket) {
    const BOOL on = TRUE;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&on), sizeof(on));
}

}  // namespace

Result<StreamPair> StreamPair::make() {
    const Socket listener = make_socket();
    if (!listener) return last_error("WSASocket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const BOOL on = TRUE;
    ::setsockopt(listener.get(), SOL_SOCKET, SO_EXCLUSIVEADDRUSE, reinterpret_cast<const char*>(&on), sizeof(on));
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        return last_error("bind");
    }
    if (::listen(listener.get(), SOMAXCONN) != 0 || !read_address(::getsockname, listener, address)) {
        return last_error("listen");
    }
    Socket ours = make_socket();
    if (!ours || ::connect(ours.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        return last_error("connect");
    }
    Socket theirs = accept_from(listener, ours);
    if (!theirs) return last_error("accept");
    ::SetHandleInformation(reinterpret_cast<HANDLE>(theirs.get()), HANDLE_FLAG_INHERIT, 0);
    send_at_once(ours);
    send_at_once(theirs);
    return StreamPair(ours.release(), theirs.release());
}

StreamPair::StreamPair(StreamPair&& other) noexcept
    : near_(std::exchange(other.near_, SLW_NO_HANDLE)), far_(std::exchange(other.far_, SLW_NO_HANDLE)) {}

StreamPair::~StreamPair() {
    const Socket ours(static_cast<SOCKET>(near_));
    close_far_end();
}

void StreamPair::close_far_end() {
    const Socket theirs(static_cast<SOCKET>(std::exchange(far_, SLW_NO_HANDLE)));
}

int64_t StreamPair::read(void* to, size_t capacity) const {
    size_t got = 0;
    switch (overlapped::read(near_, to, capacity, overlapped::kNoDeadline, got)) {
        case Outcome::kDone:
            return static_cast<int64_t>(got);
        case Outcome::kEnd:
            return 0;
        default:
            return -1;
    }
}

bool StreamPair::write(std::string_view bytes, const std::function<bool()>& gives_up) const {
    return overlapped::write(near_, bytes, overlapped::kNoDeadline, gives_up) == Outcome::kDone;
}

void StreamPair::cut() const {
    overlapped::cut(near_);
}

}  // namespace slipway::api
