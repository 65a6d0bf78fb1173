// core/src/model/ports.hpp - port specifications: "80/tcp", and what HostConfig asks to publish.
#pragma once

#include <nlohmann/json.hpp>

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::core {

struct PortRange {
    uint16_t first = 0, last = 0;
};

// "8080" or "8000-8010". kInvalidArgument `invalid port specification: "<text>"`.
Result<PortRange> parse_port_range(std::string_view text);

struct ContainerPort {
    uint16_t port = 0;
    std::string proto;  // "tcp", "udp" or "sctp"
    std::string key() const { return std::to_string(port) + "/" + proto; }
    friend bool operator==(const ContainerPort&, const ContainerPort&) = default;
};

// "80", "80/tcp" or "53/UDP"; the protocol defaults to tcp. kInvalidArgument `invalid port specification: "<text>"`.
Result<ContainerPort> parse_container_port(std::string_view text);

struct PublishedPort {
    ContainerPort container;
    std::string host_ip;         // as given, may be empty
    uint16_t host_port = 0;      // 0: any free one
    uint16_t host_port_end = 0;  // last of the range to choose from; equals host_port for a single one
};

// All bindings of a normalised HostConfig.PortBindings, and with PublishAllPorts the remaining Config.ExposedPorts on
// free host ports. Sorted by container port.
Result<std::vector<PublishedPort>> published_ports(const nlohmann::json& config, const nlohmann::json& host_config);

// The same as the "Ports" array of an endpoint document (sdk/include/slipway/network.h).
nlohmann::json to_endpoint_ports(const std::vector<PublishedPort>& ports);

}  // namespace slipway::core
