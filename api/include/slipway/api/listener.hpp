// api/include/slipway/api/listener.hpp - the sockets clients connect to.
#pragma once

#include <slipway/cpp/error.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace Poco::Net {
class ServerSocket;
}

namespace slipway::api {

struct ListenOptions {
    bool insecure_loopback = false;  // allows plain TCP on loopback addresses
    std::string socket_group =
        "slipway";                // owner group of unix sockets; whom a named pipe lets in besides administrators
    bool group_required = false;  // without that group nothing is bound; else root's own has it then
};

// A bound, listening socket. Connections queue in the kernel until a Server takes them, so binding early costs clients
// nothing. Move-only; the destructor closes it and removes the socket file if it is still the one made here.
class Listener {
public:
    // `host` is "unix:///path" or "/path", on Windows "npipe:////./pipe/name", or "tcp://address:port" (port 0: any).
    //   kInvalidArgument   not one of these forms
    //   kPermissionDenied  TCP that is not loopback, or loopback without insecure_loopback
    //   kNotFound          group_required, and the system has no such group
    //   kConflict          another process listens there; resource names the path or address
    //   kSystem            refused by the operating system
    // A socket file that nobody listens on is replaced. A unix socket is born 0600 and opened to its group with 0660.
    static Result<Listener> bind(const std::string& host, const ListenOptions& options);

    Listener(Listener&&) noexcept;
    Listener& operator=(Listener&&) noexcept;
    ~Listener();

    // Whether a web page on this machine could connect: true for TCP.
    bool is_open_to_browsers() const;
    // "unix:///run/slipway.sock" or "tcp://127.0.0.1:2375", with the real port.
    const std::string& address() const;
    const Poco::Net::ServerSocket& socket() const;

private:
    struct State;
    explicit Listener(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace slipway::api
