#include <net/documents.hpp>

#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

json bridge_network() {
    return {{"Id", "abc"},
            {"Name", "bridge"},
            {"Driver", "bridge"},
            {"IPAM", {{"Config", {{{"Subnet", "172.30.0.0/16"}, {"Gateway", "172.30.0.1"}}}}}},
            {"Options", {{"com.docker.network.bridge.name", "br7"}, {"com.docker.network.driver.mtu", "1400"}}}};
}

json endpoint_with(json port) {
    return {{"Network", bridge_network()}, {"EndpointId", "e1"}, {"Ports", {std::move(port)}}};
}

template <class T>
ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode{} : result.error().code();
}

TEST(NetworkDocument, CarriesSubnetGatewayAndOptions) {
    const Result<NetworkSpec> spec = decode_network(bridge_network());

    ASSERT_TRUE(spec) << spec.error().message();
    EXPECT_EQ(spec->bridge, "br7");
    EXPECT_EQ(spec->mtu, 1400U);
    EXPECT_EQ(spec->subnet->subnet_string(), "172.30.0.0/16");
    EXPECT_EQ(spec->gateway->to_string(), "172.30.0.1");
    EXPECT_TRUE(spec->masquerade);
}

TEST(NetworkDocument, NullsAndAbsentKeysLeaveTheChoiceToTheBackend) {
    const Result<NetworkSpec> spec = decode_network({{"Id", "abc"},
                                                     {"Name", "bridge"},
                                                     {"Driver", "bridge"},
                                                     {"IPAM", {{"Config", nullptr}}},
                                                     {"Options", nullptr}});

    ASSERT_TRUE(spec) << spec.error().message();
    EXPECT_FALSE(spec->subnet);
    EXPECT_EQ(spec->bridge, "");
}

TEST(NetworkDocument, NamesWhatIsNotOffered) {
    json overlay = bridge_network(), ipv6 = bridge_network(), internal = bridge_network(), icc = bridge_network(),
         six = bridge_network();
    overlay["Driver"] = "overlay";
    ipv6["EnableIPv6"] = true;
    internal["Internal"] = true;
    icc["Options"]["com.docker.network.bridge.enable_icc"] = "false";
    six["IPAM"]["Config"][0]["Subnet"] = "fd00::/64";

    for (const json& document : {overlay, ipv6, internal, icc, six}) {
        EXPECT_EQ(code_of(decode_network(document)), ErrorCode::kUnimplemented) << document;
    }
    EXPECT_NE(decode_network(overlay).error().message().find("'overlay'"), std::string::npos);
}

TEST(NetworkDocument, WrongTypesAndValuesAreInvalidNotInternal) {
    json no_id = bridge_network(), number = bridge_network(), subnet = bridge_network(), name = bridge_network(),
         mtu = bridge_network(), options = bridge_network();
    no_id.erase("Id");
    number["Name"] = 7;
    subnet["IPAM"]["Config"][0]["Subnet"] = "172.30.0.0";
    name["Options"]["com.docker.network.bridge.name"] = "a/b";
    mtu["Options"]["com.docker.network.driver.mtu"] = "big";
    options["Options"] = json::array({1});

    for (const json& document : {no_id, number, subnet, name, mtu, options, json::array(), json("x")}) {
        EXPECT_EQ(code_of(decode_network(document)), ErrorCode::kInvalidArgument) << document;
    }
}

TEST(SandboxDocument, KnowsThreeModes) {
    EXPECT_EQ(decode_sandbox({{"Mode", "private"}})->mode, SandboxSpec::Mode::kPrivate);
    EXPECT_EQ(decode_sandbox({{"Mode", "host"}})->mode, SandboxSpec::Mode::kHost);
    EXPECT_EQ(decode_sandbox({{"Mode", "container"}, {"Container", "f00"}})->owner, "f00");
    EXPECT_EQ(code_of(decode_sandbox({{"Mode", "container"}})), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of(decode_sandbox({{"Mode", "nat"}})), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of(decode_sandbox(json::object())), ErrorCode::kInvalidArgument);
}

TEST(EndpointDocument, DecodesPortsWithTheirRanges) {
    const Result<EndpointSpec> spec = decode_endpoint(endpoint_with(
        {{"Proto", "udp"}, {"ContainerPort", 53}, {"HostIp", "127.0.0.1"}, {"HostPort", 5300}, {"HostPortEnd", 5310}}));

    ASSERT_TRUE(spec) << spec.error().message();
    ASSERT_EQ(spec->ports.size(), 1U);
    EXPECT_EQ(spec->ports[0].protocol, Protocol::kUdp);
    EXPECT_EQ(spec->ports[0].host_ip->to_string(), "127.0.0.1");
    EXPECT_EQ(spec->ports[0].host_port, 5300);
    EXPECT_EQ(spec->ports[0].host_port_end, 5310);
}

TEST(EndpointDocument, WithoutAnEndTheRangeIsOnePort) {
    const Result<EndpointSpec> spec =
        decode_endpoint(endpoint_with({{"Proto", "tcp"}, {"ContainerPort", 80}, {"HostPort", 8080}}));

    ASSERT_TRUE(spec) << spec.error().message();
    EXPECT_EQ(spec->ports[0].host_port_end, 8080);
    EXPECT_FALSE(spec->ports[0].host_ip);
}

TEST(EndpointDocument, RefusesPortsThatAreNone) {
    for (const json& port : std::vector<json>{
             {{"Proto", "icmp"}, {"ContainerPort", 80}},
             {{"Proto", "tcp"}},
             {{"Proto", "tcp"}, {"ContainerPort", 0}},
             {{"Proto", "tcp"}, {"ContainerPort", 65536}},
             {{"Proto", "tcp"}, {"ContainerPort", -1}},
             {{"Proto", "tcp"}, {"ContainerPort", 80.5}},
             {{"Proto", "tcp"}, {"ContainerPort", "80"}},
             {{"Proto", "tcp"}, {"ContainerPort", 80}, {"HostPort", 9}, {"HostPortEnd", 8}},
             {{"Proto", "tcp"}, {"ContainerPort", 80}, {"HostPort", 0}, {"HostPortEnd", 8}},
             {{"Proto", "tcp"}, {"ContainerPort", 80}, {"HostIp", "localhost"}},
         }) {
        EXPECT_EQ(code_of(decode_endpoint(endpoint_with(port))), ErrorCode::kInvalidArgument) << port;
    }
}

TEST(EndpointDocument, IPv6PublishingIsAnsweredHonestly) {
    const auto refused =
        decode_endpoint(endpoint_with({{"Proto", "tcp"}, {"ContainerPort", 80}, {"HostPort", 80}, {"HostIp", "::"}}));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kUnimplemented);
    EXPECT_EQ(refused.error().resource(), "::");
}

TEST(EndpointDocument, RefusesAddressesThatAreNone) {
    json mac = endpoint_with({{"Proto", "tcp"}, {"ContainerPort", 80}}), ip = mac, network = mac;
    mac["MacAddress"] = "zz";
    ip["IPAddress"] = "1.2.3";
    network.erase("Network");

    for (const json& document : {mac, ip, network}) {
        EXPECT_EQ(code_of(decode_endpoint(document)), ErrorCode::kInvalidArgument) << document;
    }
}

TEST(BoundPorts, SurviveEncoding) {
    const std::vector<PortBinding> ports = {{Protocol::kTcp, 80, *Ipv4::parse("127.0.0.1"), 8080},
                                            {Protocol::kSctp, 9, Ipv4{}, 65535}};

    const Result<std::vector<PortBinding>> decoded = decode_bound_ports(encode_ports(ports));

    ASSERT_TRUE(decoded) << decoded.error().message();
    EXPECT_EQ(*decoded, ports);
}

TEST(DeviceName, FollowsTheKernelsRules) {
    for (const char* good : {"slipway0", "br-0123456789ab", "a"}) EXPECT_TRUE(is_device_name(good)) << good;
    for (const char* bad : {"", ".", "..", "a/b", "a b", "a:b", "sixteencharacter", "a%d", "a\n"}) {
        EXPECT_FALSE(is_device_name(bad)) << bad;
    }
}

}  // namespace
}  // namespace slipway::linux_backend
