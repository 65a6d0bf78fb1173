#include <documents/network_documents.hpp>

#include <documents/ipv4.hpp>
#include <documents/json_access.hpp>

#include <cctype>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

Error bad(const std::string& message) {
    return Error(ErrorCode::kInvalidArgument, message);
}

Error missing(const std::string& what) {
    return Error(ErrorCode::kUnimplemented, what + " not supported by the windows backend");
}

json schema() {
    return {{"Major", 2}, {"Minor", 0}};
}

const char* hcn_type(NetworkKind kind) {
    switch (kind) {
        case NetworkKind::kTransparent:
            return "Transparent";
        case NetworkKind::kL2Bridge:
            return "L2Bridge";
        case NetworkKind::kNat:
        case NetworkKind::kNone:
            return "NAT";
    }
    return "NAT";
}

// [{"Type": "Static", "Subnets": [...]}]; HCN refuses a subnet without a default route.
Result<json> ipams(const json& network) {
    const json& pools = member_of(member_of(network, "IPAM"), "Config");
    if (!pools.is_array() || pools.empty()) return json::array();
    if (pools.size() > 1) return missing("more than one subnet per network is");
    const std::string text = read_text(pools[0], "Subnet"), gateway_text = read_text(pools[0], "Gateway");
    if (text.empty()) return gateway_text.empty() ? Result<json>(json::array()) : bad("a gateway without a subnet");
    if (text.find(':') != std::string::npos) return missing("IPv6 subnets are");
    const auto subnet = Ipv4Subnet::parse(text);
    if (!subnet) return bad("invalid subnet '" + text + "'");
    uint32_t gateway = subnet->first();
    if (!gateway_text.empty()) {
        const auto parsed = parse_ipv4(gateway_text);
        if (!parsed || !subnet->contains(*parsed)) {
            return bad("gateway '" + gateway_text + "' is not in subnet '" + text + "'");
        }
        gateway = *parsed;
    }
    const json route = {{"NextHop", ipv4_text(gateway)}, {"DestinationPrefix", "0.0.0.0/0"}};
    const json entry = {{"IpAddressPrefix", subnet->text()}, {"Routes", json::array({route})}};
    return json::array({{{"Type", "Static"}, {"Subnets", json::array({entry})}}});
}

// The adapter that transparent and bridged networks use.
json uplink_policies(const json& network) {
    const std::string adapter = read_text(member_of(network, "Options"), "com.docker.network.windowsshim.interface");
    if (adapter.empty()) return json::array();
    return json::array({{{"Type", "NetAdapterName"}, {"Settings", {{"NetworkAdapterName", adapter}}}}});
}

Result<uint16_t> port_at(const json& port, const char* key) {
    const int64_t number = read_int(port, key);
    if (number < 0 || number > 65535) return bad(std::string("invalid ") + key + " " + std::to_string(number));
    return static_cast<uint16_t>(number);
}

Result<PortWish> port_wish(const json& port) {
    PortWish wish;
    const std::string protocol = read_text(port, "Proto");
    if (protocol == "udp") {
        wish.protocol = 17;
    } else if (protocol != "tcp") {
        return missing("publishing " + protocol + " ports is");
    }
    const auto inside = port_at(port, "ContainerPort"), outside = port_at(port, "HostPort"),
               end = port_at(port, "HostPortEnd");
    for (const auto* number : {&inside, &outside, &end}) {
        if (!*number) return number->error();
    }
    if (*inside == 0) return bad("a published port has no ContainerPort");
    const std::string address = read_text(port, "HostIp");
    if (!address.empty() && address != "0.0.0.0" && address != "::") {
        return missing("publishing on one address, '" + address + "', is").with_resource(address);
    }
    wish.container_port = *inside;
    wish.host_port = *outside;
    wish.host_port_end = *end == 0 ? *outside : *end;
    if (wish.host_port_end < wish.host_port) return bad("invalid range of host ports");
    return wish;
}

json port_policy(const PortWish& port) {
    json settings = {{"Protocol", port.protocol}, {"InternalPort", port.container_port}};
    if (port.host_port != 0) settings["ExternalPort"] = port.host_port;
    return {{"Type", "PortMapping"}, {"Settings", std::move(settings)}};
}

}  // namespace

Result<NetworkKind> network_kind(const json& network) {
    const std::string driver = read_text(network, "Driver");
    if (driver == "nat" || driver == "bridge") return NetworkKind::kNat;
    if (driver == "transparent") return NetworkKind::kTransparent;
    if (driver == "l2bridge") return NetworkKind::kL2Bridge;
    if (driver == "null" || driver == "none") return NetworkKind::kNone;
    return missing("network driver '" + driver + "' is").with_resource(driver);
}

Result<json> hcn_network(const json& network, const std::string& tag) {
    const Result<NetworkKind> kind = network_kind(network);
    if (!kind) return kind.error();
    if (read_text(network, "Id").empty()) return bad("network document: no Id");
    if (read_flag(network, "EnableIPv6")) return missing("IPv6 networks are");
    if (read_flag(network, "Internal")) return missing("internal networks are");
    Result<json> addresses = ipams(network);
    if (!addresses) return std::move(addresses).error();
    json document = {
        {"Name", tag + "-" + read_text(network, "Name")}, {"Type", hcn_type(*kind)}, {"SchemaVersion", schema()}};
    if (!addresses->empty()) document["Ipams"] = std::move(*addresses);
    if (json policies = uplink_policies(network); !policies.empty()) document["Policies"] = std::move(policies);
    return document;
}

json network_answer(json network, const json& properties) {
    const json& all = member_of(properties, "Ipams");
    const json& subnets = all.is_array() && !all.empty() ? member_of(all[0], "Subnets") : json();
    if (!subnets.is_array() || subnets.empty()) return network;
    json pool = {{"Subnet", read_text(subnets[0], "IpAddressPrefix")}};
    const json& routes = member_of(subnets[0], "Routes");
    if (routes.is_array() && !routes.empty()) pool["Gateway"] = read_text(routes[0], "NextHop");
    if (!network["IPAM"].is_object()) network["IPAM"] = json::object();
    network["IPAM"]["Config"] = json::array({pool});
    return network;
}

Result<std::vector<PortWish>> port_wishes(const json& endpoint) {
    std::vector<PortWish> wishes;
    const json& ports = member_of(endpoint, "Ports");
    for (const json& port : ports.is_array() ? ports : json::array()) {
        const Result<PortWish> wish = port_wish(port);
        if (!wish) return wish.error();
        wishes.push_back(*wish);
    }
    return wishes;
}

DnsSettings dns_settings(const json& sandbox) {
    return {read_texts(sandbox, "Dns"), read_texts(sandbox, "DnsSearch"), read_texts(sandbox, "DnsOptions"),
            read_text(sandbox, "Domainname")};
}

Result<json> hcn_endpoint(const json& endpoint, const std::string& network_guid, const std::string& name,
                          const DnsSettings& dns, const std::vector<PortWish>& ports) {
    json document = {{"Name", name}, {"HostComputeNetwork", network_guid}, {"SchemaVersion", schema()}};
    if (const std::string given = read_text(endpoint, "MacAddress"); !given.empty()) {
        const std::string mac = mac_with('-', given);
        if (mac.empty()) return bad("invalid MAC address '" + given + "'");
        document["MacAddress"] = mac;
    }
    if (const std::string address = read_text(endpoint, "IPAddress"); !address.empty()) {
        if (!parse_ipv4(address)) return bad("invalid IPv4 address '" + address + "'");
        const json& pools = member_of(member_of(member_of(endpoint, "Network"), "IPAM"), "Config");
        const auto subnet =
            Ipv4Subnet::parse(pools.is_array() && !pools.empty() ? read_text(pools[0], "Subnet") : std::string());
        if (!subnet) return bad("address '" + address + "' on a network without a subnet");
        document["IpConfigurations"] = json::array({{{"IpAddress", address}, {"PrefixLength", subnet->length}}});
    }
    json names = json::object();
    if (!dns.domain.empty()) names["Domain"] = dns.domain;
    if (!dns.search.empty()) names["Search"] = dns.search;
    if (!dns.servers.empty()) names["ServerList"] = dns.servers;
    if (!dns.options.empty()) names["Options"] = dns.options;
    if (!names.empty()) document["Dns"] = std::move(names);
    json policies = json::array();
    for (const PortWish& port : ports) policies.push_back(port_policy(port));
    if (!policies.empty()) document["Policies"] = std::move(policies);
    return document;
}

json endpoint_answer(const json& properties, const std::vector<PortWish>& ports) {
    const json& addresses = member_of(properties, "IpConfigurations");
    const json address = addresses.is_array() && !addresses.empty() ? addresses[0] : json::object();
    const json& routes = member_of(properties, "Routes");
    const json route = routes.is_array() && !routes.empty() ? routes[0] : json::object();
    json bound = json::array();
    const json& policies = member_of(properties, "Policies");
    for (const json& policy : policies.is_array() ? policies : json::array()) {
        if (read_text(policy, "Type") != "PortMapping") continue;
        const json& settings = member_of(policy, "Settings");
        for (const PortWish& port : ports) {
            if (port.protocol != read_int(settings, "Protocol") ||
                port.container_port != read_int(settings, "InternalPort") ||
                (port.host_port != 0 && port.host_port != read_int(settings, "ExternalPort"))) {
                continue;
            }
            bound.push_back({{"Proto", port.protocol == 17 ? "udp" : "tcp"},
                             {"ContainerPort", port.container_port},
                             {"HostIp", "0.0.0.0"},
                             {"HostPort", read_int(settings, "ExternalPort")}});
            break;
        }
    }
    return {{"IPAddress", read_text(address, "IpAddress")},
            {"IPPrefixLen", read_int(address, "PrefixLength")},
            {"Gateway", read_text(route, "NextHop")},
            {"MacAddress", mac_with(':', read_text(properties, "MacAddress"))},
            {"GlobalIPv6Address", ""},
            {"GlobalIPv6PrefixLen", 0},
            {"IPv6Gateway", ""},
            {"Ports", std::move(bound)}};
}

json hcn_namespace() {
    return {{"Type", "Host"}, {"SchemaVersion", schema()}};
}

json namespace_endpoint_request(const char* request, const std::string& endpoint_guid) {
    return {{"ResourceType", "Endpoint"}, {"RequestType", request}, {"Settings", {{"EndpointId", endpoint_guid}}}};
}

json hcn_query(const json& filter) {
    json query = {{"SchemaVersion", schema()}, {"Flags", 0}};
    if (!filter.empty()) query["Filter"] = filter.dump();
    return query;
}

std::string mac_with(char separator, const std::string& mac) {
    if (mac.size() != 17) return {};
    std::string out;
    for (size_t i = 0; i < mac.size(); ++i) {
        const char c = mac[i];
        if (i % 3 == 2) {
            if (c != '-' && c != ':') return {};
            out += separator;
        } else {
            if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return {};
            // HCN writes upper case, Docker lower case.
            out += static_cast<char>(separator == '-' ? std::toupper(c) : std::tolower(c));
        }
    }
    return out;
}

}  // namespace slipway::windows_backend
