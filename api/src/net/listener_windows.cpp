#include <slipway/api/listener.hpp>

#include "net/pipe_windows.hpp"
#include "net/tcp_address.hpp"

#include <winsock2.h>

#include <windows.h>

#include <Poco/Net/Net.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/SocketImpl.h>
#include <Poco/Net/StreamSocketImpl.h>

#include <algorithm>

namespace slipway::api {
namespace {

constexpr int kBacklog = 1024;
constexpr std::string_view kPipe = "npipe://";

Error socket_error(int code, const std::string& text) {
    return Error::from_code(std::error_code(code, std::system_category()), text);
}

// A client's socket must not reach processes the backends start; accept() makes it inheritable.
class AcceptingImpl : public Poco::Net::SocketImpl {
public:
    explicit AcceptingImpl(SOCKET socket) : SocketImpl(socket) {}

    Poco::Net::SocketImpl* acceptConnection(Poco::Net::SocketAddress&) override {
        const SOCKET client = ::accept(sockfd(), nullptr, nullptr);
        if (client == INVALID_SOCKET) {
            const int code = ::WSAGetLastError();
            // Out of resources: the listener stays readable, so without a pause the accept loop would spin.
            if (code == WSAEMFILE || code == WSAENOBUFS) ::Sleep(50);
            error(code);
        }
        ::SetHandleInformation(reinterpret_cast<HANDLE>(client), HANDLE_FLAG_INHERIT, 0);
        return new Poco::Net::StreamSocketImpl(client);
    }
};

class AcceptingSocket : public Poco::Net::ServerSocket {
public:
    explicit AcceptingSocket(Poco::Net::SocketImpl* impl) : ServerSocket(impl, true) {}
};

Result<SOCKET> bind_tcp(const TcpAddress& address, const std::string& shown) {
    const Poco::Net::SocketAddress target(address.host, address.port);
    const SOCKET socket = ::WSASocketW(target.af(), SOCK_STREAM, IPPROTO_TCP, nullptr, 0,
                                       WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (socket == INVALID_SOCKET) return socket_error(::WSAGetLastError(), "socket");
    // Nobody else gets to share the port; Windows would let others, unless told not to.
    const BOOL on = TRUE;
    ::setsockopt(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, reinterpret_cast<const char*>(&on), sizeof(on));
    if (::bind(socket, target.addr(), static_cast<int>(target.length())) == 0 && ::listen(socket, kBacklog) == 0) {
        return socket;
    }
    const int code = ::WSAGetLastError();
    ::closesocket(socket);
    Error error = std::move(socket_error(code, "bind '" + shown + "'")).with_operation("bind").with_resource(shown);
    if (code == WSAEADDRINUSE || code == WSAEACCES) return std::move(error).with_code(ErrorCode::kConflict);
    return error;
}

uint16_t port_of(SOCKET socket) {
    sockaddr_storage storage{};
    int size = sizeof(storage);
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
    return Poco::Net::SocketAddress(reinterpret_cast<const sockaddr*>(&storage), static_cast<poco_socklen_t>(size))
        .port();
}

// npipe:////./pipe/NAME as docker's clients write it -> \\.\pipe\NAME
Result<std::string> pipe_path(const std::string& host) {
    std::string path = host.substr(kPipe.size());
    std::replace(path.begin(), path.end(), '/', '\\');
    constexpr std::string_view kRoot = R"(\\.\pipe\)";
    if (path.starts_with(kRoot) && path.size() > kRoot.size()) return path;
    return Error(ErrorCode::kInvalidArgument, "host '" + host + "' is not of the form npipe:////./pipe/NAME");
}

}  // namespace

struct Listener::State {
    AcceptingSocket socket;
    std::string address;
    bool is_pipe;

    State(Poco::Net::SocketImpl* impl, std::string shown, bool pipe)
        : socket(impl), address(std::move(shown)), is_pipe(pipe) {}
};

Listener::Listener(std::unique_ptr<State> state) : state_(std::move(state)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;

bool Listener::is_open_to_browsers() const {
    return !state_->is_pipe;
}
const std::string& Listener::address() const {
    return state_->address;
}
const Poco::Net::ServerSocket& Listener::socket() const {
    return state_->socket;
}

Result<Listener> Listener::bind(const std::string& host, const ListenOptions& options) {
    Poco::Net::initializeNetwork();
    if (host.starts_with(kPipe)) {
        const Result<std::string> path = pipe_path(host);
        if (!path) return path.error();
        const Result<std::wstring> access = pipe_access(options.socket_group, options.group_required);
        if (!access) return access.error();
        const Result<Poco::Net::SocketImpl*> pipe = listen_on_pipe(*path, *access);
        if (!pipe) return pipe.error();
        return Listener(std::make_unique<State>(*pipe, host, true));
    }
    if (!host.starts_with("tcp://")) {
        return Error(ErrorCode::kInvalidArgument, "host '" + host + "' must begin with npipe:// or tcp://");
    }
    const Result<TcpAddress> address = check_tcp(host, options);
    if (!address) return address.error();
    const Result<SOCKET> socket = bind_tcp(*address, host);
    if (!socket) return socket.error();
    return Listener(std::make_unique<State>(new AcceptingImpl(*socket), address->shown(port_of(*socket)), false));
}

}  // namespace slipway::api
