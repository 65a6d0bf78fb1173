// Causes in networks and ports.
#include "error_causes.hpp"

namespace slipway::testing {

std::vector<Cause> network_causes() {
    const auto publish = [](const std::string& ip, const std::string& port) {
        return host({{"PortBindings", {{"80/tcp", {{{"HostIp", ip}, {"HostPort", port}}}}}}});
    };
    const auto fixed_address = [](const std::string& address) {
        return json{
            {"NetworkingConfig", {{"EndpointsConfig", {{"bridge", {{"IPAMConfig", {{"IPv4Address", address}}}}}}}}}};
    };
    return {
        {.name = "PortTaken",
         .body = publish("127.0.0.1", "47011"),
         .before =
             [](ErrorCause& t) {
                 t.listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                 sockaddr_in address{};
                 address.sin_family = AF_INET;
                 address.sin_port = htons(47011);
                 address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                 ASSERT_EQ(::bind(t.listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
                 ASSERT_EQ(::listen(t.listener, 1), 0);
             },
         .phase = "attach_networks",
         .operation = "bind",
         .resource = "127.0.0.1:47011",
         .hint = "has the port",
         .message = "port is already allocated"},
        {.name = "PortAddressNotOurs",
         .body = publish("203.0.113.7", "47012"),
         .phase = "attach_networks",
         .operation = "bind",
         .resource = "203.0.113.7:47012",
         .message = "Cannot assign requested address"},
        {.name = "FixedAddressOutside",
         .body = fixed_address("192.0.2.9"),
         .phase = "attach_networks",
         .operation = "reserve address",
         .resource = "192.0.2.9",
         .message = "192.0.2.9"},
    };
}

}  // namespace slipway::testing
