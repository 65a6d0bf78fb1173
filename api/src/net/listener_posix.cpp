#include <slipway/api/listener.hpp>

#include "net/tcp_address.hpp"

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/SocketImpl.h>
#include <Poco/Net/StreamSocketImpl.h>

#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace slipway::api {
namespace {

constexpr int kBacklog = 1024;

class OwnedFd {
public:
    explicit OwnedFd(int fd) : fd_(fd) {}
    OwnedFd(const OwnedFd&) = delete;
    OwnedFd& operator=(const OwnedFd&) = delete;
    ~OwnedFd() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

// Poco 1.11 accepts without SOCK_CLOEXEC; a descriptor of a client must not reach processes the backends start.
class AcceptingImpl : public Poco::Net::SocketImpl {
public:
    explicit AcceptingImpl(int fd) : SocketImpl(fd) {}

    Poco::Net::SocketImpl* acceptConnection(Poco::Net::SocketAddress&) override {
        for (;;) {
            const int fd = ::accept4(sockfd(), nullptr, nullptr, SOCK_CLOEXEC);
            if (fd >= 0) return new Poco::Net::StreamSocketImpl(fd);
            // Out of descriptors: the listener stays readable, so without a pause the accept loop would spin.
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) ::usleep(50'000);
            if (errno != EINTR) error();
        }
    }
};

class AcceptingSocket : public Poco::Net::ServerSocket {
public:
    explicit AcceptingSocket(int fd) : ServerSocket(new AcceptingImpl(fd), true) {}
};

Result<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.front() != '/') {
        return Error(ErrorCode::kInvalidArgument, "unix socket path '" + path + "' must be absolute");
    }
    if (path.size() >= sizeof(address.sun_path)) {
        return Error(ErrorCode::kInvalidArgument, "unix socket path '" + path + "' is longer than " +
                                                      std::to_string(sizeof(address.sun_path) - 1) + " bytes");
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

// Removes what a dead daemon left behind. A file that is no socket, or one that somebody serves, stays.
Status clear_stale(const std::string& path, const sockaddr_un& address) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        const int err = errno;
        return err == ENOENT ? Status(ok()) : Status(Error::from_errno(err, "stat '" + path + "'"));
    }
    if (!S_ISSOCK(info.st_mode)) {
        return std::move(Error(ErrorCode::kConflict, "'" + path + "' exists and is not a socket")).with_resource(path);
    }
    const OwnedFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int connected = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    const int err = errno;
    if (connected == 0 || err == EAGAIN) {
        return std::move(Error(ErrorCode::kConflict, "another process is listening on '" + path + "'"))
            .with_resource(path);
    }
    if (err != ECONNREFUSED) return Error::from_errno(err, "connect '" + path + "'");
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Error::from_errno(errno, "unlink '" + path + "'");
    return ok();
}

std::optional<gid_t> find_group(const std::string& name) {
    if (name.empty()) return std::nullopt;
    std::array<char, 16 * 1024> space;
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name.c_str(), &entry, space.data(), space.size(), &found) != 0 || found == nullptr) {
        return std::nullopt;
    }
    return found->gr_gid;
}

// Owner and mode of a fresh socket file: root:group 0660. The file is born 0600, so it is never wider than this.
Status open_to_group(const std::string& path, std::optional<gid_t> group) {
    if (group) {
        if (::lchown(path.c_str(), static_cast<uid_t>(-1), *group) != 0) {
            return Error::from_errno(errno, "chown '" + path + "'");
        }
    }
    if (::chmod(path.c_str(), 0660) != 0) return Error::from_errno(errno, "chmod '" + path + "'");
    return ok();
}

Result<int> bind_unix(const std::string& path, const ListenOptions& options) {
    Result<sockaddr_un> address = unix_address(path);
    if (!address) return std::move(address).error();
    const std::optional<gid_t> group = find_group(options.socket_group);
    if (!group && options.group_required) {
        // Root's own group would be safe, too, but whoever named another expects to be let in.
        return Error(ErrorCode::kNotFound, "group '" + options.socket_group + "' for the socket does not exist")
            .with_resource(options.socket_group);
    }
    if (Status cleared = clear_stale(path, *address); !cleared) return std::move(cleared).error();
    OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) return Error::from_errno(errno, "socket");
    // Linux gives the file the mode of the socket's own inode, so no change of the process-wide umask is needed.
    if (::fchmod(fd.get(), 0600) != 0) return Error::from_errno(errno, "fchmod of a socket");
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) {
        return std::move(Error::from_errno(errno, "bind '" + path + "'")).with_operation("bind").with_resource(path);
    }
    Status opened = open_to_group(path, group);
    if (opened && ::listen(fd.get(), kBacklog) != 0) opened = Error::from_errno(errno, "listen '" + path + "'");
    if (!opened) {
        ::unlink(path.c_str());
        return std::move(opened).error();
    }
    return fd.release();
}

Result<int> bind_tcp(const TcpAddress& address, const std::string& shown) {
    const Poco::Net::SocketAddress target(address.host, address.port);
    OwnedFd fd(::socket(target.af(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) return Error::from_errno(errno, "socket");
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (::bind(fd.get(), target.addr(), target.length()) != 0) {
        const int err = errno;
        Error error = std::move(Error::from_errno(err, "bind '" + shown + "'")).with_operation("bind");
        if (err == EADDRINUSE) error = std::move(error).with_code(ErrorCode::kConflict);
        return std::move(error).with_resource(shown);
    }
    if (::listen(fd.get(), kBacklog) != 0) return Error::from_errno(errno, "listen '" + shown + "'");
    return fd.release();
}

uint16_t port_of(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
    if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
}

}  // namespace

struct Listener::State {
    AcceptingSocket socket;
    std::string address;
    std::string path;  // empty for TCP
    dev_t device = 0;
    ino_t inode = 0;

    explicit State(int fd) : socket(fd) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        struct stat info {};
        if (!path.empty() && ::lstat(path.c_str(), &info) == 0 && info.st_dev == device && info.st_ino == inode) {
            ::unlink(path.c_str());
        }
    }
};

Listener::Listener(std::unique_ptr<State> state) : state_(std::move(state)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;

bool Listener::is_open_to_browsers() const {
    return state_->path.empty();
}
const std::string& Listener::address() const {
    return state_->address;
}
const Poco::Net::ServerSocket& Listener::socket() const {
    return state_->socket;
}

Result<Listener> Listener::bind(const std::string& host, const ListenOptions& options) {
    constexpr std::string_view kUnix = "unix://";
    constexpr std::string_view kTcp = "tcp://";
    if (host.starts_with(kUnix) || host.starts_with('/')) {
        const std::string path = host.starts_with('/') ? host : host.substr(kUnix.size());
        Result<int> fd = bind_unix(path, options);
        if (!fd) return std::move(fd).error();
        auto state = std::make_unique<State>(*fd);
        struct stat info {};
        if (::lstat(path.c_str(), &info) == 0) {
            state->device = info.st_dev;
            state->inode = info.st_ino;
        }
        state->path = path;
        state->address = "unix://" + path;
        return Listener(std::move(state));
    }
    if (!host.starts_with(kTcp)) {
        return Error(ErrorCode::kInvalidArgument, "host '" + host + "' must begin with unix:// or tcp://");
    }
    const Result<TcpAddress> address = check_tcp(host, options);
    if (!address) return address.error();
    Result<int> fd = bind_tcp(*address, host);
    if (!fd) return std::move(fd).error();
    auto state = std::make_unique<State>(*fd);
    state->address = address->shown(port_of(*fd));
    return Listener(std::move(state));
}

}  // namespace slipway::api
