#include <net/endpoint.hpp>
#include <net/network_record.hpp>
#include <net/subnet_choice.hpp>

#include <gtest/gtest.h>

#include <set>

namespace slipway::linux_backend {
namespace {

const std::string kId = "0123456789ab" + std::string(52, 'c');

TEST(HostLinkName, FitsADeviceNameAndNeverRepeats) {
    std::set<std::string> names;
    for (unsigned attempt = 0; attempt < kHostLinkNames; ++attempt) {
        const std::string name = host_link_name(kId, attempt);
        EXPECT_TRUE(is_device_name(name)) << name;
        EXPECT_TRUE(is_host_link(name)) << name;
        EXPECT_TRUE(is_host_link_of(kId, name)) << name;
        names.insert(name);
    }

    EXPECT_EQ(names.size(), kHostLinkNames);
    EXPECT_EQ(host_link_name(kId, 0), "slw0123456789ab");
}

TEST(HostLinkName, IsNotMistakenForAnotherContainers) {
    const std::string neighbour = "0123456789ac" + std::string(52, 'c');

    EXPECT_FALSE(is_host_link_of(kId, host_link_name(neighbour, 0)));
    EXPECT_FALSE(is_host_link_of(kId, "slw0123456789"));
    EXPECT_FALSE(is_host_link_of(kId, "veth0123456789a"));
    EXPECT_FALSE(is_host_link("slwt12345"));
    EXPECT_FALSE(is_host_link("slipway0"));
}

TEST(SubnetChoice, TakesTheFirstCandidateThatOverlapsNothing) {
    EXPECT_EQ(choose_subnet({})->to_string(), "172.26.0.1/16");
    EXPECT_EQ(choose_subnet({*Ipv4Prefix::parse("172.26.5.0/24")})->to_string(), "172.27.0.1/16");
    EXPECT_EQ(choose_subnet({*Ipv4Prefix::parse("172.16.0.0/12")})->to_string(), "10.201.0.1/16");
    EXPECT_EQ(choose_subnet({*Ipv4Prefix::parse("172.16.0.0/12"), *Ipv4Prefix::parse("10.0.0.0/8")})->to_string(),
              "192.168.112.1/20");
}

TEST(SubnetChoice, SaysSoWhenNothingIsLeft) {
    EXPECT_FALSE(choose_subnet({*Ipv4Prefix::parse("0.0.0.0/1"), *Ipv4Prefix::parse("128.0.0.0/1")}));
}

Endpoint some_endpoint() {
    Endpoint endpoint;
    endpoint.network_id = "net1";
    endpoint.network_document = {{"Id", "net1"}, {"Name", "bridge"}, {"Driver", "bridge"}};
    endpoint.endpoint_id = "e1";
    endpoint.address = *Ipv4::parse("172.26.0.7");
    endpoint.mac = mac_of(endpoint.address);
    endpoint.host_link = host_link_name(kId, 0);
    endpoint.host_index = 12;
    endpoint.guest_link = "eth0";
    endpoint.ports = {{Protocol::kTcp, 80, Ipv4{}, 8080}};
    return endpoint;
}

TEST(NetworkRecord, SurvivesEncoding) {
    const SandboxSpec sandbox{SandboxSpec::Mode::kContainer, "owner"};

    const Result<NetworkRecord> record = decode_record(encode_record(sandbox, {some_endpoint()}));

    ASSERT_TRUE(record) << record.error().message();
    EXPECT_EQ(record->sandbox.mode, SandboxSpec::Mode::kContainer);
    EXPECT_EQ(record->sandbox.owner, "owner");
    ASSERT_EQ(record->endpoints.size(), 1U);
    EXPECT_EQ(record->endpoints[0].network_id, "net1");
    EXPECT_EQ(record->endpoints[0].address.to_string(), "172.26.0.7");
    EXPECT_EQ(record->endpoints[0].host_index, 12);
    EXPECT_EQ(record->endpoints[0].ports, some_endpoint().ports);
    EXPECT_FALSE(record->endpoints[0].holds_ports);
}

TEST(NetworkRecord, DamageIsReportedAsDataLoss) {
    const std::string good = encode_record({}, {some_endpoint()});
    for (const std::string& bad : {std::string(), std::string("{}"), good.substr(0, good.size() / 2),
                                   std::string("{\"Version\":2}"), std::string("[]"), std::string("null")}) {
        const Result<NetworkRecord> record = decode_record(bad);
        ASSERT_FALSE(record) << bad;
        EXPECT_EQ(record.error().code(), ErrorCode::kDataLoss) << bad;
    }
}

}  // namespace
}  // namespace slipway::linux_backend
