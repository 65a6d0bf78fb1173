// Who reaches whom: between containers, through published ports, and past what is not published.
#include "linux_net_support.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <net/if.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace slipway::linux_backend::testing {
namespace {

using nlohmann::json;

class NetworkTraffic : public NetworkTest {
protected:
    int netns(const std::unique_ptr<slw_container>& c) const { return c->sandbox->netns.get(); }
    std::string gateway() const { return last_endpoint()["Gateway"].get<std::string>(); }
};

constexpr std::chrono::milliseconds kUnreachable(400);  // how long silence counts as silence

TEST_F(NetworkTraffic, ContainersReachEachOtherByTcpAndUdp) {
    const auto a = running('a');
    const std::string address_a = last_address();
    const auto b = running('b');
    const std::string address_b = last_address();
    const UniqueFd tcp = serve(netns(b), Protocol::kTcp, "0.0.0.0", 80);
    const UniqueFd udp = serve(netns(b), Protocol::kUdp, "0.0.0.0", 53);

    const Reached by_tcp = reach(netns(a), Protocol::kTcp, address_b, 80, tcp);
    const Reached by_udp = reach(netns(a), Protocol::kUdp, address_b, 53, udp);

    EXPECT_EQ(by_tcp.error, 0);
    EXPECT_EQ(by_tcp.client, address_a);
    EXPECT_EQ(by_udp.error, 0);
    EXPECT_EQ(by_udp.client, address_a);
    EXPECT_TRUE(networks().destroy_sandbox(*a));
    EXPECT_TRUE(networks().destroy_sandbox(*b));
}

TEST_F(NetworkTraffic, PublishedPortsAreReachedOnEveryAddressOfTheHost) {
    const OutsideHost outside;
    const auto c = running('a', {publish("tcp", 80, 0), publish("udp", 53, 0)});
    const json ports = last_endpoint()["Ports"];
    const auto tcp_port = ports[0]["HostPort"].get<uint16_t>(), udp_port = ports[1]["HostPort"].get<uint16_t>();
    const auto neighbour = running('b');
    const UniqueFd tcp = serve(netns(c), Protocol::kTcp, "0.0.0.0", 80);
    const UniqueFd udp = serve(netns(c), Protocol::kUdp, "0.0.0.0", 53);
    struct Way {
        const char* name;
        int from;
        std::string address;
    };

    for (const Way& way : {Way{"host by 127.0.0.1", -1, "127.0.0.1"}, Way{"host by 127.0.0.5", -1, "127.0.0.5"},
                           Way{"host by its own address", -1, outside.host_address()},
                           Way{"outside", outside.netns(), outside.host_address()},
                           Way{"another container by the gateway", netns(neighbour), gateway()},
                           Way{"another container by the host's address", netns(neighbour), outside.host_address()},
                           Way{"itself by the gateway", netns(c), gateway()}}) {
        EXPECT_EQ(reach(way.from, Protocol::kTcp, way.address, tcp_port, tcp).error, 0) << way.name;
        EXPECT_EQ(reach(way.from, Protocol::kUdp, way.address, udp_port, udp).error, 0) << way.name;
    }
    EXPECT_EQ(reach(outside.netns(), Protocol::kTcp, outside.host_address(), tcp_port, tcp).client, outside.address())
        << "the container must see who calls";
    EXPECT_TRUE(networks().destroy_sandbox(*c));
    EXPECT_EQ(reach(-1, Protocol::kTcp, "127.0.0.1", tcp_port, tcp).error, ECONNREFUSED);
    EXPECT_TRUE(networks().destroy_sandbox(*neighbour));
}

TEST_F(NetworkTraffic, APortOfOneAddressIsReachedThereOnly) {
    const OutsideHost outside;
    const auto c = running('a', {publish("tcp", 80, 0, "127.0.0.1"), publish("tcp", 81, 0, "198.18.77.1")});
    const json ports = last_endpoint()["Ports"];
    const auto local = ports[0]["HostPort"].get<uint16_t>(), external = ports[1]["HostPort"].get<uint16_t>();
    const UniqueFd first = serve(netns(c), Protocol::kTcp, "0.0.0.0", 80);
    const UniqueFd second = serve(netns(c), Protocol::kTcp, "0.0.0.0", 81);

    EXPECT_EQ(reach(-1, Protocol::kTcp, "127.0.0.1", local, first).error, 0);
    EXPECT_EQ(reach(-1, Protocol::kTcp, outside.host_address(), local, first).error, ECONNREFUSED);
    EXPECT_EQ(reach(outside.netns(), Protocol::kTcp, outside.host_address(), local, first).error, ECONNREFUSED);
    EXPECT_EQ(reach(outside.netns(), Protocol::kTcp, outside.host_address(), external, second).error, 0);
    EXPECT_EQ(reach(-1, Protocol::kTcp, outside.host_address(), external, second).error, 0);
    EXPECT_EQ(reach(-1, Protocol::kTcp, "127.0.0.1", external, second).error, ECONNREFUSED);
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

TEST_F(NetworkTraffic, OutsideHostsDoNotReachContainersDirectly) {
    const OutsideHost outside;  // routes everything by this host, the bridge's subnet included
    const auto c = running('a', {publish("tcp", 80, 0, "127.0.0.1")});
    const std::string address = last_address();
    const UniqueFd published = serve(netns(c), Protocol::kTcp, "0.0.0.0", 80);
    const UniqueFd unpublished = serve(netns(c), Protocol::kUdp, "0.0.0.0", 53);

    EXPECT_EQ(reach(outside.netns(), Protocol::kTcp, address, 80, published, kUnreachable).error, ETIMEDOUT);
    EXPECT_EQ(reach(outside.netns(), Protocol::kUdp, address, 53, unpublished, kUnreachable).error, ETIMEDOUT);
    EXPECT_EQ(reach(-1, Protocol::kTcp, address, 80, published).error, 0) << "the host itself may";
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

TEST_F(NetworkTraffic, ContainersReachOutsideUnderTheHostsAddress) {
    const OutsideHost outside;
    const auto c = running('a');
    const UniqueFd server = serve(outside.netns(), Protocol::kTcp, "0.0.0.0", 80);

    const Reached reached = reach(netns(c), Protocol::kTcp, outside.address(), 80, server);

    EXPECT_EQ(reached.error, 0);
    EXPECT_EQ(reached.client, outside.host_address());
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

// A container with CAP_NET_RAW writes frames of any shape; route_localnet lets 127.0.0.0/8 through the bridge.
void send_frame(int netns, const std::string& from, const std::string& to, uint16_t port, const uint8_t* host_mac) {
    const Status sent = run_in_netns(netns, [&]() -> Status {
        struct {
            iphdr ip{};
            udphdr udp{};
            char text[4] = {'p', 'i', 'n', 'g'};
        } __attribute__((packed)) packet;
        packet.ip.version = 4;
        packet.ip.ihl = 5;
        packet.ip.ttl = 64;
        packet.ip.protocol = IPPROTO_UDP;
        packet.ip.tot_len = htons(sizeof packet);
        packet.ip.saddr = Ipv4::parse(from)->network_order();
        packet.ip.daddr = Ipv4::parse(to)->network_order();
        uint16_t words[sizeof(iphdr) / 2];
        std::memcpy(words, &packet, sizeof words);
        uint32_t sum = 0;
        for (const uint16_t word : words) sum += word;
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        packet.ip.check = static_cast<uint16_t>(~sum);
        packet.udp.source = htons(4444);
        packet.udp.dest = htons(port);
        packet.udp.len = htons(sizeof(udphdr) + 4);  // a checksum of 0 means none

        const UniqueFd raw{socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        sockaddr_ll where{};
        where.sll_family = AF_PACKET;
        where.sll_protocol = htons(ETH_P_IP);
        where.sll_ifindex = static_cast<int>(if_nametoindex("eth0"));
        where.sll_halen = 6;
        std::memcpy(where.sll_addr, host_mac, 6);
        if (sendto(raw.get(), &packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&where), sizeof where) < 0) {
            return Error::from_errno(errno, "send a frame");
        }
        return ok();
    });
    ASSERT_TRUE(sent) << sent.error().message();
}

TEST_F(NetworkTraffic, TheHostsLoopbackIsClosedToTheBridge) {
    const auto c = running('a');
    std::ifstream file("/sys/class/net/" + test_bridge() + "/address");
    std::string text;
    uint8_t mac[6];
    file >> text;
    ASSERT_TRUE(parse_mac(text, mac));
    const UniqueFd server = serve(-1, Protocol::kUdp, "0.0.0.0", 0);
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    ASSERT_EQ(getsockname(server.get(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
    char buffer[16];

    send_frame(netns(c), last_address(), "127.0.0.1", ntohs(bound.sin_port), mac);
    send_frame(netns(c), last_address(), gateway(), ntohs(bound.sin_port), mac);

    // The frames travel in order, so had the first one arrived, it would be read first. The second shows that the
    // frames themselves are good.
    sockaddr_in from{};
    size = sizeof from;
    int arrived = 0;
    timeval patience{1, 0};
    setsockopt(server.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (recvfrom(server.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size) == 4) ++arrived;
    EXPECT_EQ(arrived, 1);
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

std::string read_inside(int netns, const std::string& path) {
    std::string text;
    const Status done = run_in_netns(netns, [&]() -> Status {
        std::ifstream file(path);
        std::ostringstream all;
        all << file.rdbuf();
        text = all.str();
        return ok();
    });
    EXPECT_TRUE(done);
    return text;
}

TEST_F(NetworkTraffic, IPv6IsOffWhereTheNetworkHasNone) {
    const auto c = running('a');
    const std::string host_link = "slw" + c->short_id();

    const std::string inside = read_inside(netns(c), "/proc/thread-self/net/if_inet6");
    EXPECT_EQ(inside.find("eth0"), std::string::npos) << inside;
    EXPECT_NE(inside.find(" lo"), std::string::npos) << inside;
    std::ifstream host("/proc/self/net/if_inet6");
    std::ostringstream all;
    all << host.rdbuf();
    EXPECT_EQ(all.str().find(host_link), std::string::npos);
    EXPECT_EQ(all.str().find(test_bridge()), std::string::npos);
    for (const std::string& link : {host_link, test_bridge()}) {
        std::ifstream setting("/proc/sys/net/ipv6/conf/" + link + "/accept_ra");
        std::string value;
        setting >> value;
        EXPECT_EQ(value, "0") << link;
    }
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

TEST_F(NetworkTraffic, AJoinedContainerSharesTheOwnersNetwork) {
    const auto owner = running('a');
    const std::string address = last_address();
    const auto joined = open('b');
    ASSERT_TRUE(networks().create_sandbox(*joined, {{"Mode", "container"}, {"Container", owner->id}}));
    const auto third = running('c');
    const UniqueFd server = serve(netns(joined), Protocol::kTcp, "0.0.0.0", 80);

    EXPECT_EQ(joined->sandbox->mode, Sandbox::Mode::kContainer);
    EXPECT_EQ(reach(netns(third), Protocol::kTcp, address, 80, server).error, 0);

    const Result<json> refused = networks().attach(*joined, endpoint_document());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
    // The owner leaves; its link must not live on with an address that is free again.
    EXPECT_TRUE(networks().destroy_sandbox(*owner));
    EXPECT_TRUE(link_goes("slw" + owner->short_id()));
    EXPECT_TRUE(networks().destroy_sandbox(*joined));
    EXPECT_TRUE(networks().destroy_sandbox(*third));
}

}  // namespace
}  // namespace slipway::linux_backend::testing
