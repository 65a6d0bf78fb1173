#include <net/port_binding.hpp>

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <random>

namespace slipway::linux_backend {

namespace {

constexpr uint16_t kFirstDynamicPort = 49153, kLastDynamicPort = 65535;

int socket_type(Protocol protocol) {
    return protocol == Protocol::kUdp ? SOCK_DGRAM : SOCK_STREAM;
}

std::string place(Ipv4 ip, uint16_t port) {
    return ip.to_string() + ":" + std::to_string(port);
}

// Broadcasts still arrive at the socket; without this they would fill its buffer and stay there.
void discard_everything(int fd) {
    sock_filter nothing{BPF_RET | BPF_K, 0, 0, 0};
    const sock_fprog program{1, &nothing};
    (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

// Connections that a server of the host closed stay in TIME_WAIT for a minute and keep the port from a plain bind. With
// SO_REUSEADDR they do not, but neither do other such sockets, so the listen is what tells whether the port is free. It
// is undone at once (the port stays bound), and without the flag nobody can join us afterwards.
bool bind_past_time_wait(int fd, const sockaddr_in& address) {
    const int on = 1, off = 0;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && listen(fd, 0) == 0 &&
           shutdown(fd, SHUT_RD) == 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof off) == 0;
}

// Binds one port, 0 for one of the kernel's choice. The errno stays in os() for the caller to judge.
Result<HeldPort> bind_port(Protocol protocol, uint16_t container_port, Ipv4 ip, uint16_t port) {
    HeldPort held{{protocol, container_port, ip, port}, {}};
    held.socket.reset(::socket(AF_INET, socket_type(protocol) | SOCK_CLOEXEC, static_cast<int>(protocol)));
    if (!held.socket) {
        const int err = errno;
        const bool unknown = err == EPROTONOSUPPORT || err == ESOCKTNOSUPPORT;
        if (protocol != Protocol::kSctp || !unknown) return Error::from_errno(err, "open a socket");
        if (port == 0) {
            std::random_device random;
            std::uniform_int_distribution<unsigned> ports(kFirstDynamicPort, kLastDynamicPort);
            held.binding.host_port = static_cast<uint16_t>(ports(random));
        }
        return held;
    }
    if (protocol == Protocol::kUdp) discard_everything(held.socket.get());

    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = ip.network_order();
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (bind(held.socket.get(), raw, size) != 0) {
        const int err = errno;
        const bool in_time_wait = err == EADDRINUSE && protocol == Protocol::kTcp && port != 0 &&
                                  bind_past_time_wait(held.socket.get(), address);
        if (!in_time_wait) return Error::from_errno(err, "bind " + place(ip, port));
    }
    if (getsockname(held.socket.get(), raw, &size) != 0)
        return Error::from_errno(errno, "read the port that was bound");
    held.binding.host_port = ntohs(address.sin_port);
    return held;
}

Error all_taken(const EndpointLabel& label, Ipv4 ip, const PortRequest& request) {
    const std::string range = std::to_string(request.host_port) + "-" + std::to_string(request.host_port_end);
    return Error(ErrorCode::kConflict,
                 label.failure("Bind for " + ip.to_string() + ":" + range + " failed: all ports are allocated"))
        .with_operation("bind")
        .with_resource(ip.to_string() + ":" + range);
}

Result<HeldPort> hold_port(const PortRequest& request, Ipv4 ip, const EndpointLabel& label) {
    for (uint32_t port = request.host_port; port <= request.host_port_end; ++port) {
        Result<HeldPort> held = bind_port(request.protocol, request.container_port, ip, static_cast<uint16_t>(port));
        if (held) return held;
        Error error = std::move(held).error();
        const OsError os = error.os();
        if (os.code == EADDRINUSE && port < request.host_port_end) continue;
        if (os.code == EADDRINUSE && request.host_port == request.host_port_end) {
            return port_taken(label, ip, request.host_port);
        }
        if (os.code == EADDRINUSE) return all_taken(label, ip, request);
        return Error(error.code(), label.failure(error.message()))
            .with_os(os.domain, os.code)
            .with_operation("bind")
            .with_resource(place(ip, static_cast<uint16_t>(port)));
    }
    return all_taken(label, ip, request);
}

}  // namespace

std::string EndpointLabel::failure(const std::string& reason) const {
    return "driver failed programming external connectivity on endpoint " + name + " (" + endpoint_id + "): " + reason;
}

Error port_taken(const EndpointLabel& label, Ipv4 host_ip, uint16_t host_port) {
    const std::string where = place(host_ip, host_port);
    return Error(ErrorCode::kConflict, label.failure("Bind for " + where + " failed: port is already allocated"))
        .with_operation("bind")
        .with_os(SLW_OS_ERRNO, EADDRINUSE)
        .with_resource(where)
        .with_hint("another container or program of this machine has the port");
}

Result<std::vector<HeldPort>> hold_ports(const std::vector<PortRequest>& requests, Ipv4 default_host_ip,
                                         const EndpointLabel& label) {
    std::vector<HeldPort> all;
    all.reserve(requests.size());
    for (const PortRequest& request : requests) {
        Result<HeldPort> held = hold_port(request, request.host_ip.value_or(default_host_ip), label);
        if (!held) return std::move(held).error();
        all.push_back(std::move(*held));
    }
    return all;
}

bool is_holding(int socket, const PortBinding& binding) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    int protocol = 0;
    socklen_t protocol_size = sizeof protocol;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
    if (getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &protocol_size) != 0) return false;
    return protocol == static_cast<int>(binding.protocol) && ntohs(address.sin_port) == binding.host_port &&
           address.sin_addr.s_addr == binding.host_ip.network_order();
}

}  // namespace slipway::linux_backend
