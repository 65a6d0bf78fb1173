// Documents of computenetwork.
#include "schema.hpp"

#include <documents/ipv4.hpp>
#include <documents/network_documents.hpp>

namespace slipway::simulated_hcs {
namespace {

using nlohmann::json;

void check_version(const Checker& root) {
    root.object(
        "SchemaVersion",
        [](const Checker& version) {
            version.only({"Major", "Minor"}).number("Major", 2, 2, true).number("Minor", 0, 16, true);
        },
        true);
}

void check_dns(const Checker& dns) {
    dns.only({"Domain", "Search", "ServerList", "Options"})
        .text("Domain", false, true)
        .texts("Search")
        .texts("ServerList")
        .texts("Options");
}

void check_route(const Checker& route) {
    route.only({"NextHop", "DestinationPrefix", "Metric"})
        .text("NextHop", true)
        .text("DestinationPrefix", true)
        .number("Metric", 0, 65535);
    route.require(windows_backend::parse_ipv4(route.text_of("NextHop")).has_value(), "NextHop is not an address");
}

void check_subnet(const Checker& subnet) {
    subnet.only({"IpAddressPrefix", "Routes", "Policies"}).text("IpAddressPrefix", true);
    subnet.objects("Routes", check_route, 1);
}

void check_endpoint_policy(const Checker& policy) {
    policy.only({"Type", "Settings"}).one_of("Type", {"PortMapping", "OutBoundNAT", "QOS", "ACL"}, true);
    if (policy.text_of("Type") != "PortMapping") return;
    policy.object(
        "Settings",
        [](const Checker& port) {
            port.only({"Protocol", "InternalPort", "ExternalPort", "VIP", "Flags"})
                .number("InternalPort", 0, 65535, true)
                .number("ExternalPort", 1, 65535);
            port.require(port.value("Protocol") == 6 || port.value("Protocol") == 17, "Protocol is neither 6 nor 17");
        },
        true);
}

}  // namespace

Problem check_network(const json& document) {
    Problem problem;
    const Checker root(document, "", problem);
    root.only({"Name", "Type", "SchemaVersion", "Ipams", "Policies", "Dns", "MacPool", "Flags"})
        .text("Name", true)
        .one_of("Type", {"NAT", "Transparent", "L2Bridge", "L2Tunnel", "ICS", "Private", "Overlay", "Internal"}, true)
        .number("Flags", 0, INT32_MAX)
        .object("Dns", check_dns)
        .objects("Ipams",
                 [](const Checker& ipam) {
                     ipam.only({"Type", "Subnets"})
                         .one_of("Type", {"Static", "DHCP"}, true)
                         .objects("Subnets", check_subnet);
                 })
        .objects("Policies", [](const Checker& policy) {
            policy.only({"Type", "Settings"}).one_of("Type", {"NetAdapterName", "VLAN", "VSID"}, true);
        });
    check_version(root);
    return problem;
}

Problem check_endpoint(const json& document) {
    Problem problem;
    const Checker root(document, "", problem);
    root.only({"Name", "HostComputeNetwork", "SchemaVersion", "MacAddress", "IpConfigurations", "Dns", "Policies",
               "Routes", "Flags"})
        .text("Name", true)
        .guid("HostComputeNetwork", true)
        .text("MacAddress")
        .object("Dns", check_dns)
        .objects(
            "IpConfigurations",
            [](const Checker& address) {
                address.only({"IpAddress", "PrefixLength"}).text("IpAddress", true).number("PrefixLength", 1, 32, true);
            })
        .objects("Policies", check_endpoint_policy)
        .objects("Routes", check_route);
    const std::string mac = root.text_of("MacAddress");
    root.require(mac.empty() || windows_backend::mac_with('-', mac) == mac, "MacAddress is not XX-XX-XX-XX-XX-XX");
    check_version(root);
    return problem;
}

Problem check_namespace(const json& document) {
    Problem problem;
    const Checker root(document, "", problem);
    root.only({"Type", "SchemaVersion"}).one_of("Type", {"Host", "HostDefault", "Guest", "GuestDefault", ""});
    check_version(root);
    return problem;
}

Problem check_namespace_change(const json& request) {
    Problem problem;
    Checker(request, "", problem)
        .only({"ResourceType", "RequestType", "Settings"})
        .one_of("ResourceType", {"Endpoint"}, true)
        .one_of("RequestType", {"Add", "Remove"}, true)
        .object(
            "Settings", [](const Checker& settings) { settings.only({"EndpointId"}).guid("EndpointId", true); }, true);
    return problem;
}

}  // namespace slipway::simulated_hcs
