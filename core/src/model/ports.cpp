#include "model/ports.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

namespace slipway::core {

namespace {

using nlohmann::json;

Error invalid_port(std::string_view text) {
    return Error(ErrorCode::kInvalidArgument,
                 "invalid port specification: \"" + std::string(text.substr(0, 128)) + "\"");
}

bool to_port(std::string_view text, uint16_t& out) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failed == std::errc() && end == text.data() + text.size() && !text.empty();
}

Result<PublishedPort> one_binding(const ContainerPort& container, const json& binding) {
    PublishedPort port{container, binding.at("HostIp").get<std::string>(), 0, 0};
    const auto& host = binding.at("HostPort").get_ref<const std::string&>();
    if (host.empty()) return port;
    Result<PortRange> range = parse_port_range(host);
    if (!range) return std::move(range).error();
    port.host_port = range->first;
    port.host_port_end = range->last;
    return port;
}

bool before(const PublishedPort& a, const PublishedPort& b) {
    return std::tie(a.container.port, a.container.proto, a.host_ip, a.host_port) <
           std::tie(b.container.port, b.container.proto, b.host_ip, b.host_port);
}

}  // namespace

Result<PortRange> parse_port_range(std::string_view text) {
    const size_t dash = text.find('-');
    PortRange range;
    if (!to_port(text.substr(0, dash), range.first)) return invalid_port(text);
    range.last = range.first;
    if (dash != std::string_view::npos && !to_port(text.substr(dash + 1), range.last)) return invalid_port(text);
    if (range.last < range.first) return invalid_port(text);
    return range;
}

Result<ContainerPort> parse_container_port(std::string_view text) {
    const size_t slash = text.find('/');
    ContainerPort port{0, "tcp"};
    if (slash != std::string_view::npos) {
        port.proto = std::string(text.substr(slash + 1));
        for (char& c : port.proto) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    const bool known = port.proto == "tcp" || port.proto == "udp" || port.proto == "sctp";
    if (!known || !to_port(text.substr(0, slash), port.port) || port.port == 0) return invalid_port(text);
    return port;
}

Result<std::vector<PublishedPort>> published_ports(const json& config, const json& host_config) {
    std::vector<PublishedPort> ports;
    for (const auto& [key, bindings] : host_config.at("PortBindings").items()) {
        Result<ContainerPort> container = parse_container_port(key);
        if (!container) return std::move(container).error();
        // {"80/tcp": []} publishes on any free port, as one empty binding does.
        if (bindings.empty()) ports.push_back({*container, "", 0, 0});
        for (const json& binding : bindings) {
            Result<PublishedPort> port = one_binding(*container, binding);
            if (!port) return std::move(port).error();
            ports.push_back(std::move(*port));
        }
    }
    if (host_config.at("PublishAllPorts") == true) {
        for (const auto& [key, nothing] : config.at("ExposedPorts").items()) {
            Result<ContainerPort> container = parse_container_port(key);
            if (!container) return std::move(container).error();
            const bool bound = std::any_of(ports.begin(), ports.end(),
                                           [&](const PublishedPort& port) { return port.container == *container; });
            if (!bound) ports.push_back({*container, "", 0, 0});
        }
    }
    std::sort(ports.begin(), ports.end(), before);
    return ports;
}

json to_endpoint_ports(const std::vector<PublishedPort>& ports) {
    json list = json::array();
    for (const PublishedPort& port : ports) {
        list.push_back({{"Proto", port.container.proto},
                        {"ContainerPort", port.container.port},
                        {"HostIp", port.host_ip},
                        {"HostPort", port.host_port},
                        {"HostPortEnd", port.host_port_end}});
    }
    return list;
}

}  // namespace slipway::core
