// api/src/net/tcp_address.hpp - where the API may be served over TCP.
#pragma once

#include <slipway/api/listener.hpp>

#include <cstdint>
#include <string>

namespace slipway::api {

struct TcpAddress {
    std::string host;  // numeric
    uint16_t port = 0;
    bool is_v6 = false;

    // "tcp://127.0.0.1:2375", with another port.
    std::string shown(uint16_t real_port) const;
};

// Reads "tcp://ADDRESS:PORT"; "localhost" is 127.0.0.1.
//   kInvalidArgument   not of that form, or the address is a name
//   kPermissionDenied  not a loopback address, or one without ListenOptions::insecure_loopback
Result<TcpAddress> check_tcp(const std::string& host, const ListenOptions& options);

}  // namespace slipway::api
