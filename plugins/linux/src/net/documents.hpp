// plugins/linux/src/net/documents.hpp - the JSON documents of slw.network/1 as values. Pure: touches nothing.
#pragma once

#include <net/ipv4.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// A network as its document describes it. What is unset is chosen when the network is made.
struct NetworkSpec {
    enum class Driver { kBridge, kHost, kNull } driver = Driver::kBridge;
    std::string id, name;
    std::string bridge;  // device name, empty: chosen by the backend
    std::optional<Ipv4Prefix> subnet;
    std::optional<Ipv4> gateway;
    std::optional<Ipv4Prefix> range;
    std::vector<Ipv4> auxiliary;  // addresses to keep free
    uint32_t mtu = 0;             // 0: the device's default
    bool masquerade = true;
    Ipv4 default_host_ip;  // where ports without HostIp are published
};

// kInvalidArgument names the key; kUnimplemented names what this backend does not offer (drivers, IPv6, ...).
Result<NetworkSpec> decode_network(const nlohmann::json& document);

struct SandboxSpec {
    enum class Mode { kPrivate, kHost, kContainer } mode = Mode::kPrivate;
    std::string owner;  // container id, for kContainer
};

Result<SandboxSpec> decode_sandbox(const nlohmann::json& document);

enum class Protocol : uint8_t { kTcp = 6, kUdp = 17, kSctp = 132 };  // IP protocol numbers

const char* protocol_name(Protocol protocol);

// A wish to publish a port.
struct PortRequest {
    Protocol protocol = Protocol::kTcp;
    uint16_t container_port = 0;
    std::optional<Ipv4> host_ip;  // unset: the network's default
    uint16_t host_port = 0;       // 0: any
    uint16_t host_port_end = 0;   // last port to try, host_port when there is no choice
};

// A published port.
struct PortBinding {
    Protocol protocol = Protocol::kTcp;
    uint16_t container_port = 0;
    Ipv4 host_ip;
    uint16_t host_port = 0;

    bool operator==(const PortBinding&) const = default;
};

struct EndpointSpec {
    NetworkSpec network;
    std::string endpoint_id;
    std::string mac;              // empty: derived from the address
    std::optional<Ipv4> address;  // unset: the next free one
    std::vector<PortRequest> ports;
};

Result<EndpointSpec> decode_endpoint(const nlohmann::json& document);

nlohmann::json encode_ports(const std::vector<PortBinding>& ports);
Result<std::vector<PortBinding>> decode_bound_ports(const nlohmann::json& ports);

// The name a device may have in Linux: 1 to 15 characters, no '/', no white space, not "." or "..".
bool is_device_name(const std::string& name);

}  // namespace slipway::linux_backend
