#include <net/documents.hpp>

#include <cctype>
#include <charconv>
#include <functional>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

Error bad(const std::string& message) {
    return Error(ErrorCode::kInvalidArgument, message);
}
Error missing(const std::string& what) {
    return Error(ErrorCode::kUnimplemented, what + " not supported by the linux backend");
}

// Turns what nlohmann throws about wrong types into an error that says which document it was.
template <class T>
Result<T> decoding(const char* what, const std::function<Result<T>()>& body) {
    try {
        return body();
    } catch (const json::exception& e) {
        return bad(std::string(what) + " document: " + e.what());
    }
}

// The value at `key`; absent and null are the same.
const json* find(const json& document, const char* key) {
    const auto at = document.find(key);
    return at == document.end() || at->is_null() ? nullptr : &*at;
}

std::string text_at(const json& document, const char* key) {
    const json* value = find(document, key);
    return value == nullptr ? std::string() : value->get<std::string>();
}

bool flag_at(const json& document, const char* key) {
    const json* value = find(document, key);
    return value != nullptr && value->get<bool>();
}

// Options of networks are text: "true", "1", "false", "0".
Result<bool> option_flag(const std::string& key, const std::string& text) {
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
    return bad("network option '" + key + "': '" + text + "' is neither true nor false");
}

Status decode_option(const std::string& key, const std::string& value, NetworkSpec& spec) {
    if (key == "com.docker.network.bridge.name") {
        if (!value.empty() && !is_device_name(value)) return bad("invalid bridge name '" + value + "'");
        spec.bridge = value;
    } else if (key == "com.docker.network.driver.mtu") {
        const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), spec.mtu);
        const bool whole = problem == std::errc() && end == value.data() + value.size();
        if (!whole || spec.mtu > 65535 || (spec.mtu != 0 && spec.mtu < 68)) {
            return bad("network option '" + key + "': invalid size '" + value + "'");
        }
    } else if (key == "com.docker.network.bridge.enable_ip_masquerade") {
        Result<bool> on = option_flag(key, value);
        if (!on) return std::move(on).error();
        spec.masquerade = *on;
    } else if (key == "com.docker.network.bridge.enable_icc") {
        Result<bool> on = option_flag(key, value);
        if (!on) return std::move(on).error();
        if (!*on) return missing("network option '" + key + "=false' is");
    } else if (key == "com.docker.network.bridge.host_binding_ipv4" && !value.empty()) {
        Result<Ipv4> address = Ipv4::parse(value);
        if (!address) return std::move(address).error().context("network option '" + key + "'");
        spec.default_host_ip = *address;
    }
    return ok();  // options of other drivers are carried and not judged
}

Status decode_pool(const json& pool, NetworkSpec& spec) {
    const std::string subnet = text_at(pool, "Subnet"), gateway = text_at(pool, "Gateway");
    const std::string range = text_at(pool, "IPRange");
    if (subnet.find(':') != std::string::npos) return missing("IPv6 subnets are");
    if (!subnet.empty()) {
        Result<Ipv4Prefix> parsed = Ipv4Prefix::parse(subnet);
        if (!parsed) return std::move(parsed).error();
        spec.subnet = *parsed;
    }
    if (!gateway.empty()) {
        Result<Ipv4> parsed = Ipv4::parse(gateway);
        if (!parsed) return std::move(parsed).error().context("gateway");
        if (!spec.subnet) return bad("gateway '" + gateway + "' without a subnet");
        spec.gateway = *parsed;
    }
    if (!range.empty()) {
        Result<Ipv4Prefix> parsed = Ipv4Prefix::parse(range);
        if (!parsed) return std::move(parsed).error().context("address range");
        if (!spec.subnet) return bad("address range '" + range + "' without a subnet");
        spec.range = *parsed;
    }
    if (const json* auxiliary = find(pool, "AuxiliaryAddresses")) {
        for (const auto& [host, text] : auxiliary->items()) {
            Result<Ipv4> parsed = Ipv4::parse(text.get<std::string>());
            if (!parsed) return std::move(parsed).error().context("auxiliary address '" + host + "'");
            spec.auxiliary.push_back(*parsed);
        }
    }
    return ok();
}

Result<NetworkSpec> network_from(const json& document) {
    NetworkSpec spec;
    spec.id = text_at(document, "Id");
    spec.name = text_at(document, "Name");
    const std::string driver = text_at(document, "Driver");
    if (spec.id.empty()) return bad("network document: no Id");
    if (driver == "host") {
        spec.driver = NetworkSpec::Driver::kHost;
        return spec;
    }
    if (driver == "null" || driver == "none") {
        spec.driver = NetworkSpec::Driver::kNull;
        return spec;
    }
    if (driver != "bridge") return missing("network driver '" + driver + "' is").with_resource(driver);
    if (flag_at(document, "EnableIPv6")) return missing("IPv6 networks are");
    if (flag_at(document, "Internal")) return missing("internal networks are");

    if (const json* options = find(document, "Options")) {
        for (const auto& [key, value] : options->items()) {
            if (Status status = decode_option(key, value.get<std::string>(), spec); !status) {
                return std::move(status).error();
            }
        }
    }
    const json* ipam = find(document, "IPAM");
    const json* pools = ipam == nullptr ? nullptr : find(*ipam, "Config");
    if (pools != nullptr && !pools->empty()) {
        if (pools->size() > 1) return missing("more than one subnet per network is");
        if (Status status = decode_pool(pools->at(0), spec); !status) return std::move(status).error();
    }
    return spec;
}

Result<Protocol> protocol_from(const std::string& text) {
    if (text == "tcp") return Protocol::kTcp;
    if (text == "udp") return Protocol::kUdp;
    if (text == "sctp") return Protocol::kSctp;
    return bad("invalid protocol '" + text + "'");
}

// 0 when absent; kInvalidArgument unless it is a whole number up to 65535.
Result<uint16_t> port_at(const json& document, const char* key) {
    const json* value = find(document, key);
    if (value == nullptr) return uint16_t{0};
    const auto number = value->get<int64_t>();
    if (!value->is_number_integer() || number < 0 || number > 65535) {
        return bad(std::string("invalid ") + key + " " + value->dump());
    }
    return static_cast<uint16_t>(number);
}

Result<PortRequest> port_from(const json& document) {
    PortRequest port;
    Result<Protocol> protocol = protocol_from(text_at(document, "Proto"));
    if (!protocol) return std::move(protocol).error();
    port.protocol = *protocol;

    Result<uint16_t> container = port_at(document, "ContainerPort"), host = port_at(document, "HostPort"),
                     end = port_at(document, "HostPortEnd");
    for (const auto* number : {&container, &host, &end}) {
        if (!*number) return number->error();
    }
    if (*container == 0) return bad("a published port has no ContainerPort");
    port.container_port = *container;
    port.host_port = *host;
    port.host_port_end = *end == 0 ? *host : *end;
    if (port.host_port_end < port.host_port || (port.host_port == 0 && port.host_port_end != 0)) {
        return bad("invalid range of host ports " + std::to_string(*host) + "-" + std::to_string(*end));
    }

    const std::string host_ip = text_at(document, "HostIp");
    if (host_ip.find(':') != std::string::npos) {
        return missing("publishing on IPv6 address '" + host_ip + "' is").with_resource(host_ip);
    }
    if (!host_ip.empty()) {
        Result<Ipv4> parsed = Ipv4::parse(host_ip);
        if (!parsed) return std::move(parsed).error().context("HostIp");
        port.host_ip = *parsed;
    }
    return port;
}

Result<EndpointSpec> endpoint_from(const json& document) {
    EndpointSpec spec;
    Result<NetworkSpec> network = network_from(document.at("Network"));
    if (!network) return std::move(network).error();
    spec.network = std::move(*network);
    spec.endpoint_id = text_at(document, "EndpointId");

    spec.mac = text_at(document, "MacAddress");
    uint8_t ignored[6];
    if (!spec.mac.empty()) {
        if (Status valid = parse_mac(spec.mac, ignored); !valid) return std::move(valid).error();
    }
    const std::string address = text_at(document, "IPAddress");
    if (!address.empty()) {
        Result<Ipv4> parsed = Ipv4::parse(address);
        if (!parsed) return std::move(parsed).error();
        spec.address = *parsed;
    }
    if (const json* ports = find(document, "Ports")) {
        for (const json& entry : *ports) {
            Result<PortRequest> port = port_from(entry);
            if (!port) return std::move(port).error();
            spec.ports.push_back(*port);
        }
    }
    return spec;
}

Result<SandboxSpec> sandbox_from(const json& document) {
    SandboxSpec spec;
    const std::string mode = text_at(document, "Mode");
    if (mode == "private") return spec;
    if (mode == "host") {
        spec.mode = SandboxSpec::Mode::kHost;
        return spec;
    }
    if (mode != "container") return bad("invalid sandbox mode '" + mode + "'");
    spec.mode = SandboxSpec::Mode::kContainer;
    spec.owner = text_at(document, "Container");
    if (spec.owner.empty()) return bad("sandbox mode 'container' without a Container");
    return spec;
}

}  // namespace

const char* protocol_name(Protocol protocol) {
    switch (protocol) {
        case Protocol::kTcp:
            return "tcp";
        case Protocol::kUdp:
            return "udp";
        case Protocol::kSctp:
            return "sctp";
    }
    return "unknown";
}

bool is_device_name(const std::string& name) {
    if (name.empty() || name.size() > 15 || name == "." || name == "..") return false;
    for (const char c : name) {
        if (c == '/' || c == ':' || c == '%' || !std::isgraph(static_cast<unsigned char>(c))) return false;
    }
    return true;
}

Result<NetworkSpec> decode_network(const json& document) {
    return decoding<NetworkSpec>("network", [&] { return network_from(document); });
}

Result<SandboxSpec> decode_sandbox(const json& document) {
    return decoding<SandboxSpec>("sandbox", [&] { return sandbox_from(document); });
}

Result<EndpointSpec> decode_endpoint(const json& document) {
    return decoding<EndpointSpec>("endpoint", [&] { return endpoint_from(document); });
}

json encode_ports(const std::vector<PortBinding>& ports) {
    json list = json::array();
    for (const PortBinding& port : ports) {
        list.push_back({{"Proto", protocol_name(port.protocol)},
                        {"ContainerPort", port.container_port},
                        {"HostIp", port.host_ip.to_string()},
                        {"HostPort", port.host_port}});
    }
    return list;
}

Result<std::vector<PortBinding>> decode_bound_ports(const json& ports) {
    return decoding<std::vector<PortBinding>>("ports", [&]() -> Result<std::vector<PortBinding>> {
        std::vector<PortBinding> bound;
        for (const json& entry : ports) {
            Result<PortRequest> port = port_from(entry);
            if (!port) return std::move(port).error();
            bound.push_back({port->protocol, port->container_port, port->host_ip.value_or(Ipv4{}), port->host_port});
        }
        return bound;
    });
}

}  // namespace slipway::linux_backend
