#include "host.hpp"

#include <Poco/Net/SocketAddress.h>

namespace slipway::cli {

namespace {
constexpr const char* kScheme = "unix://";
}

const char* default_host() {
    return "unix:///run/slipway/slipway.sock";
}

const char* host_forms() {
    return "unix:///PATH nor tcp://ADDRESS:PORT";
}

bool is_local_host(const std::string& host) {
    return host.rfind(kScheme, 0) == 0;
}

Poco::Net::StreamSocket connect_locally(const std::string& host) {
    using Poco::Net::SocketAddress;
    return Poco::Net::StreamSocket(SocketAddress(SocketAddress::UNIX_LOCAL, host.substr(7)));
}

}  // namespace slipway::cli
