// plugins/linux/src/net/port_binding.hpp - holds published ports on the host, so that the kernel is the only ledger.
//
// Each published port is a bound socket. TCP ones do not listen: packets are rewritten before they could reach it, and
// should the rules be gone, a client is refused instead of hanging. Nobody else can bind the port, with or without
// SO_REUSEADDR, and it is free again the moment the last descriptor closes, however its holder ended.
#pragma once

#include <net/documents.hpp>
#include <sys/unique_fd.hpp>

#include <string>
#include <vector>

namespace slipway::linux_backend {

struct HeldPort {
    PortBinding binding;
    UniqueFd
        socket;  // unset where the kernel lacks the protocol's sockets (SCTP): then only the nftables map guards it
};

// Says whose port it was: "<container name> (<endpoint id>)".
struct EndpointLabel {
    std::string name, endpoint_id;

    // "driver failed programming external connectivity on endpoint <name> (<id>): <reason>" - what clients look for.
    std::string failure(const std::string& reason) const;
};

// kConflict with Docker's "Bind for ...: port is already allocated"; resource is "<ip>:<port>".
Error port_taken(const EndpointLabel& label, Ipv4 host_ip, uint16_t host_port);

// Holds every port of the list or none. A request without a host port gets one the kernel chooses, a range its first
// free one. kConflict when a port is taken, kSystem when the address is not one of the host's.
Result<std::vector<HeldPort>> hold_ports(const std::vector<PortRequest>& requests, Ipv4 default_host_ip,
                                         const EndpointLabel& label);

// True when `socket` is bound to this port.
bool is_holding(int socket, const PortBinding& binding);

}  // namespace slipway::linux_backend
