// What is made, what is refused, what stays: networks, endpoints, restarts of the daemon.
#include "linux_net_support.hpp"

#include <sys/nft_rule.hpp>

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iostream>
#include <thread>

namespace slipway::linux_backend::testing {
namespace {

using nlohmann::json;

class NetworkLifecycle : public NetworkTest {};

TEST_F(NetworkLifecycle, CreatingANetworkTwiceGivesTheSameAnswer) {
    const Result<json> first = networks().create_network(network_document());
    ASSERT_TRUE(first) << first.error().message();
    const Result<json> second = networks().create_network(*first);
    ASSERT_TRUE(second) << second.error().message();

    EXPECT_EQ(*first, *second);
    EXPECT_EQ((*first)["Options"]["com.docker.network.bridge.name"], test_bridge());
    EXPECT_TRUE(Ipv4Prefix::parse((*first)["IPAM"]["Config"][0]["Subnet"].get<std::string>()));
}

TEST_F(NetworkLifecycle, ASecondDaemonIsKeptOffTheBridge) {
    NetworkManager second(backend_->host, backend_->config);

    const Result<json> refused = second.create_network(network_document());

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(refused.error().resource(), test_bridge());
}

TEST_F(NetworkLifecycle, ADeviceThatIsNoBridgeIsAConflictAndStays) {
    json document = network_document();
    document["Id"] = "net-2";
    document["Options"]["com.docker.network.bridge.name"] = "lo";

    const Result<json> refused = networks().create_network(document);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(refused.error().resource(), "lo");
    EXPECT_TRUE(link_exists("lo"));
    std::remove("/run/slipway-lo.lock");
}

TEST_F(NetworkLifecycle, ASubnetInUseIsAConflictAndLeavesNothing) {
    const Result<json> ours = networks().create_network(network_document());
    ASSERT_TRUE(ours);
    json document = {{"Id", "net-2"}, {"Name", "second"}, {"Driver", "bridge"}, {"IPAM", (*ours)["IPAM"]}};
    document["Options"]["com.docker.network.bridge.name"] = test_bridge() + "b";

    const Result<json> refused = networks().create_network(document);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
    EXPECT_FALSE(link_exists(test_bridge() + "b"));
    EXPECT_TRUE(Firewall(test_bridge() + "b").list()->empty());
    std::remove(("/run/slipway-" + test_bridge() + "b.lock").c_str());
}

TEST_F(NetworkLifecycle, ANetworkInUseIsNotRemoved) {
    const auto c = running('a');

    const Status refused = networks().remove_network(network_document());

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

TEST_F(NetworkLifecycle, HostAndNullNetworksNeedNothing) {
    const auto c = open('a');
    ASSERT_TRUE(networks().create_sandbox(*c, {{"Mode", "host"}}));
    EXPECT_EQ(c->sandbox->mode, Sandbox::Mode::kHost);
    EXPECT_FALSE(c->sandbox->netns);

    for (const char* driver : {"host", "null"}) {
        json endpoint = endpoint_document();
        endpoint["Network"] = {{"Id", driver}, {"Name", driver}, {"Driver", driver}};
        const Result<json> attached = networks().attach(*c, endpoint);
        ASSERT_TRUE(attached) << attached.error().message();
        EXPECT_EQ((*attached)["IPAddress"], "");
        EXPECT_TRUE(networks().detach(*c, driver));
    }
    EXPECT_TRUE(networks().destroy_sandbox(*c));
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

TEST_F(NetworkLifecycle, APortInUseIsRefusedWithDockersTextAndLeavesNothing) {
    const UniqueFd taken = serve(-1, Protocol::kTcp, "0.0.0.0", 0);
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    ASSERT_EQ(getsockname(taken.get(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
    const int port = ntohs(bound.sin_port);
    const auto c = open('a');
    ASSERT_TRUE(networks().create_sandbox(*c, {{"Mode", "private"}}));
    const size_t before = descriptors();

    const Result<json> refused =
        networks().attach(*c, endpoint_document({publish("tcp", 81, 0), publish("tcp", 80, port)}));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(refused.error().message(),
              "driver failed programming external connectivity on endpoint c-a (endpoint-1): Bind for 0.0.0.0:" +
                  std::to_string(port) + " failed: port is already allocated");
    EXPECT_EQ(refused.error().resource(), "0.0.0.0:" + std::to_string(port));
    EXPECT_EQ(descriptors(), before);
    EXPECT_EQ(published(), 0U);
    EXPECT_FALSE(link_exists("slw" + c->short_id()));
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

TEST_F(NetworkLifecycle, TwoContainersCannotPublishTheSamePortAndARangeFindsAnother) {
    const auto first = running('a', {publish("tcp", 80, 0)});
    const int port = last_endpoint()["Ports"][0]["HostPort"].get<int>();
    const auto second = open('b');
    ASSERT_TRUE(networks().create_sandbox(*second, {{"Mode", "private"}}));

    const Result<json> refused = networks().attach(*second, endpoint_document({publish("tcp", 80, port)}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);

    json range = publish("tcp", 80, port);
    range["HostPortEnd"] = port + 20;
    const Result<json> attached = networks().attach(*second, endpoint_document({range}));
    ASSERT_TRUE(attached) << attached.error().message();
    EXPECT_GT((*attached)["Ports"][0]["HostPort"].get<int>(), port);
    EXPECT_TRUE(networks().destroy_sandbox(*first));

    const auto third = running('c', {publish("tcp", 80, port)});
    EXPECT_EQ(last_endpoint()["Ports"][0]["HostPort"].get<int>(), port) << "free as soon as its holder is gone";
    EXPECT_TRUE(networks().destroy_sandbox(*second));
    EXPECT_TRUE(networks().destroy_sandbox(*third));
}

TEST_F(NetworkLifecycle, NobodyElseCanBindAHeldPort) {
    const auto c = running('a', {publish("tcp", 80, 0)});
    const auto port = last_endpoint()["Ports"][0]["HostPort"].get<uint16_t>();
    const UniqueFd other{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int on = 1;
    setsockopt(other.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);

    EXPECT_NE(bind(other.get(), reinterpret_cast<sockaddr*>(&where), sizeof where), 0);

    EXPECT_EQ(errno, EADDRINUSE);
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

// A server of the host that closed its connections leaves them in TIME_WAIT for a minute; its port is free all the
// same.
TEST_F(NetworkLifecycle, ConnectionsInTimeWaitDoNotKeepAPort) {
    uint16_t port = 0;
    {
        const UniqueFd server = serve(-1, Protocol::kTcp, "127.0.0.1", 0);
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        ASSERT_EQ(getsockname(server.get(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
        port = ntohs(bound.sin_port);
        ASSERT_TRUE(reach(-1, Protocol::kTcp, "127.0.0.1", port, server));  // the server's side closes first
    }

    const auto c = running('a', {publish("tcp", 80, port)});
    EXPECT_EQ(last_endpoint().value("Ports", json::array()).size(), 1U);

    const UniqueFd other{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int on = 1;
    setsockopt(other.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    const bool stolen =
        bind(other.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) == 0 && listen(other.get(), 1) == 0;
    EXPECT_FALSE(stolen);
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

TEST_F(NetworkLifecycle, NothingIsLeftOfAContainerAfterItsSandboxIsDestroyed) {
    const auto warm = running('f');
    ASSERT_TRUE(networks().destroy_sandbox(*warm));
    const size_t before = descriptors();
    const auto c = running('a', {publish("tcp", 80, 0), publish("udp", 80, 0, "127.0.0.1")});
    EXPECT_EQ(published(), 2U);
    EXPECT_EQ(c->sandbox->held_ports.size(), 2U);

    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(networks().destroy_sandbox(*c));
    const auto took = std::chrono::steady_clock::now() - begin;

    std::cout << "sandbox_destroy: " << took / std::chrono::microseconds(1) << " us\n";
    EXPECT_EQ(published(), 0U);
    EXPECT_FALSE(c->sandbox);
    EXPECT_TRUE(link_goes("slw" + c->short_id()));
    EXPECT_EQ(descriptors(), before);
    EXPECT_NE(access((c->state_dir + "/network.json").c_str(), F_OK), 0);
    EXPECT_TRUE(networks().list()->empty());
    EXPECT_TRUE(networks().destroy_sandbox(*c)) << "gone already is success";
}

TEST_F(NetworkLifecycle, DetachingLeavesTheSandboxReadyForAnotherEndpoint) {
    const auto c = running('a', {publish("tcp", 80, 0)});
    const std::string first = last_address();

    ASSERT_TRUE(networks().detach(*c, "net-1"));
    ASSERT_TRUE(networks().detach(*c, "net-1"));
    EXPECT_EQ(published(), 0U);
    EXPECT_TRUE(c->sandbox->held_ports.empty());
    const Result<json> again = networks().attach(*c, endpoint_document());

    ASSERT_TRUE(again) << again.error().message();
    EXPECT_NE(address_of(*again), first);
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

TEST_F(NetworkLifecycle, AContainerRestartsAtOnceWhileItsOldLinkIsStillGoing) {
    for (int round = 0; round < 10; ++round) {
        const auto c = running('a', {publish("tcp", 80, 18080)});
        ASSERT_NE(last_address(), "") << round;
        ASSERT_TRUE(networks().destroy_sandbox(*c));
    }
    EXPECT_EQ(published(), 0U);
}

TEST_F(NetworkLifecycle, FixedAddressesAreGivenOnce) {
    const auto first = running('a');
    json endpoint = endpoint_document();
    endpoint["IPAddress"] = last_address();
    const auto second = open('b');
    ASSERT_TRUE(networks().create_sandbox(*second, {{"Mode", "private"}}));

    const Result<json> refused = networks().attach(*second, endpoint);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);

    ASSERT_TRUE(networks().destroy_sandbox(*first));
    endpoint["MacAddress"] = "02:42:00:11:22:33";
    const Result<json> attached = networks().attach(*second, endpoint);
    ASSERT_TRUE(attached) << attached.error().message();
    EXPECT_EQ((*attached)["IPAddress"], endpoint["IPAddress"]);
    EXPECT_EQ((*attached)["MacAddress"], "02:42:00:11:22:33");
    EXPECT_TRUE(networks().destroy_sandbox(*second));
}

// Stands for the supervisor: a process inside the container's network that keeps its ports.
class Keeper {
public:
    explicit Keeper(const slw_container& c) {
        pid_ = fork();
        if (pid_ != 0) return;
        // In the child of a threaded process: system calls only. Of all it inherits it keeps the ports.
        if (setns(c.sandbox->netns.get(), CLONE_NEWNET) != 0) _exit(1);
        for (int fd = 3; fd < 1024; ++fd) {
            bool keeps = false;
            for (const UniqueFd& port : c.sandbox->held_ports) keeps = keeps || port.get() == fd;
            if (!keeps) close(fd);
        }
        for (;;) pause();
    }
    ~Keeper() { end(); }
    void end() {
        if (pid_ <= 0) return;
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    pid_t pid() const { return pid_; }
    // The child enters the name space in its own time.
    void wait_until_inside(const slw_container& c) const {
        struct stat wanted {
        }, current{};
        fstat(c.sandbox->netns.get(), &wanted);
        const std::string path = "/proc/" + std::to_string(pid_) + "/ns/net";
        while (stat(path.c_str(), &current) == 0 && current.st_ino != wanted.st_ino) std::this_thread::yield();
    }

private:
    pid_t pid_ = -1;
};

TEST_F(NetworkLifecycle, ARestartedDaemonTakesOverWhatRuns) {
    auto c = running('a', {publish("tcp", 80, 0)});
    const std::string address = last_address();
    const auto port = last_endpoint()["Ports"][0]["HostPort"].get<uint16_t>();
    const UniqueFd server = serve(c->sandbox->netns.get(), Protocol::kTcp, "0.0.0.0", 80);
    Keeper keeper(*c);
    keeper.wait_until_inside(*c);

    c.reset();
    start_backend();
    c = open('a');
    const Status restored = networks().restore(*c, keeper.pid());

    ASSERT_TRUE(restored) << restored.error().message();
    ASSERT_TRUE(c->sandbox);
    EXPECT_TRUE(c->sandbox->netns);
    EXPECT_EQ(reach(-1, Protocol::kTcp, "127.0.0.1", port, server).error, 0);
    EXPECT_EQ(*networks().list(), std::vector<std::string>{c->id});
    json endpoint = endpoint_document({publish("tcp", 80, port)});
    const auto other = open('b');
    ASSERT_TRUE(networks().create_sandbox(*other, {{"Mode", "private"}}));
    EXPECT_EQ(networks().attach(*other, endpoint).error().code(), ErrorCode::kConflict) << "the port is held";
    endpoint["Ports"] = json::array();
    endpoint["IPAddress"] = address;
    EXPECT_EQ(networks().attach(*other, endpoint).error().code(), ErrorCode::kConflict) << "the address is taken";

    keeper.end();
    EXPECT_TRUE(networks().destroy_sandbox(*c));
    EXPECT_EQ(published(), 0U);
    EXPECT_TRUE(link_goes("slw" + std::string(12, 'a')));
    EXPECT_TRUE(networks().destroy_sandbox(*other));
}

TEST_F(NetworkLifecycle, LostElementsComeBackWithARestart) {
    auto c = running('a', {publish("tcp", 80, 0)});
    const auto port = last_endpoint()["Ports"][0]["HostPort"].get<uint16_t>();
    const UniqueFd server = serve(c->sandbox->netns.get(), Protocol::kTcp, "0.0.0.0", 80);
    Keeper keeper(*c);
    keeper.wait_until_inside(*c);
    c.reset();
    backend_.reset();
    ASSERT_TRUE(Firewall(test_bridge()).remove());

    start_backend();
    c = open('a');
    ASSERT_TRUE(networks().restore(*c, keeper.pid()));

    EXPECT_EQ(published(), 1U);
    EXPECT_EQ(reach(-1, Protocol::kTcp, "127.0.0.1", port, server).error, 0);
    keeper.end();
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

size_t rules_of(const std::string& bridge) {
    NetlinkMessage message = nft_message("list rules", NFT_MSG_GETRULE, NLM_F_DUMP);
    message.put_text(NFTA_RULE_TABLE, Firewall(bridge).table());
    const Result<std::vector<NetlinkReply>> rules = nft_query(std::move(message));
    return rules ? rules->size() : 0;
}

// Waits for what the backend does by itself.
bool comes_true(const std::function<bool()>& condition) {
    for (int i = 0; i < 100; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
}

TEST_F(NetworkLifecycle, S63_AFlushedTableIsPutBackWhileContainersRun) {
    const auto first = running('a', {publish("tcp", 80, 0)});
    const auto port = last_endpoint()["Ports"][0]["HostPort"].get<uint16_t>();
    const UniqueFd server = serve(first->sandbox->netns.get(), Protocol::kTcp, "0.0.0.0", 80);
    const auto second = running('b', {publish("udp", 53, 0), publish("tcp", 81, 0, "127.0.0.1")});
    const auto gone = running('c', {publish("tcp", 80, 0)});
    EXPECT_TRUE(networks().destroy_sandbox(*gone));
    const size_t rules = rules_of(test_bridge());
    ASSERT_GT(rules, 8U);

    // What `nft flush ruleset` does to it, and what `nft flush table` does: the chains stay, and let everything pass.
    NftBatch flushed;
    flushed.add(nft_delete_table(Firewall(test_bridge()).table()));
    ASSERT_TRUE(std::move(flushed).commit());
    EXPECT_TRUE(comes_true([&] { return rules_of(test_bridge()) == rules && published() == 3; })) << published();
    NftBatch emptied;
    emptied.add(nft_delete_rules(Firewall(test_bridge()).table()));
    EXPECT_TRUE(std::move(emptied).commit());
    EXPECT_TRUE(comes_true([&] { return rules_of(test_bridge()) == rules; }));

    EXPECT_EQ(published(), 3U) << "and nothing of the one that is gone";
    EXPECT_EQ(reach(-1, Protocol::kTcp, "127.0.0.1", port, server).error, 0);
    EXPECT_TRUE(networks().destroy_sandbox(*first));
    EXPECT_TRUE(networks().destroy_sandbox(*second));
    EXPECT_EQ(published(), 0U);
}

TEST_F(NetworkLifecycle, AFlushedTableIsPutBackByTheNextPublication) {
    ASSERT_TRUE(Firewall(test_bridge()).remove());

    const auto c = running('a', {publish("tcp", 80, 0)});

    EXPECT_EQ(published(), 1U);
    EXPECT_TRUE(networks().destroy_sandbox(*c));
}

TEST_F(NetworkLifecycle, CleanupByIdNeedsNoRecordAndRunsTwice) {
    auto c = running('a', {publish("tcp", 80, 0)});
    Keeper keeper(*c);  // keeps the name space, so that the link does not go by itself
    keeper.wait_until_inside(*c);
    const std::string id = c->id;
    std::remove((c->state_dir + "/network.json").c_str());
    c.reset();
    start_backend();
    ASSERT_EQ(published(), 1U);

    EXPECT_TRUE(networks().cleanup_by_id(id));
    EXPECT_TRUE(networks().cleanup_by_id(id));

    EXPECT_EQ(published(), 0U);
    EXPECT_TRUE(link_goes("slw" + id.substr(0, 12)));
}

TEST_F(NetworkLifecycle, ASweepSparesTheKnown) {
    const auto known = running('a', {publish("tcp", 80, 0)});
    const auto unknown = running('b', {publish("tcp", 80, 0)});

    EXPECT_TRUE(networks().sweep({known->id}));

    EXPECT_EQ(*networks().list(), std::vector<std::string>{known->id});
    EXPECT_TRUE(link_goes("slw" + unknown->short_id()));
    EXPECT_TRUE(link_exists("slw" + known->short_id()));
    EXPECT_TRUE(networks().destroy_sandbox(*known));
    EXPECT_TRUE(networks().destroy_sandbox(*unknown));
}

TEST_F(NetworkLifecycle, ALeftoverElementDoesNotKeepAPort) {
    auto c = running('a', {publish("tcp", 80, 0)});
    const int port = last_endpoint()["Ports"][0]["HostPort"].get<int>();
    c.reset();  // its holder dies with everything it held; the element stays
    start_backend();
    ASSERT_EQ(published(), 1U);

    const auto next = running('b', {publish("tcp", 80, port)});

    EXPECT_EQ(*networks().list(), std::vector<std::string>{next->id});
    EXPECT_TRUE(networks().destroy_sandbox(*next));
    const auto old = open('a');
    EXPECT_TRUE(networks().destroy_sandbox(*old));
}

TEST_F(NetworkLifecycle, ADestroyedLeftoverSparesThePortsNewOwner) {
    auto c = running('a', {publish("tcp", 80, 0)});
    const int port = last_endpoint()["Ports"][0]["HostPort"].get<int>();
    c.reset();
    start_backend();
    const auto old = open('a');
    ASSERT_TRUE(networks().restore(*old, 0));
    const auto next = running('b', {publish("tcp", 80, port)});

    EXPECT_TRUE(networks().destroy_sandbox(*old));

    EXPECT_EQ(*networks().list(), std::vector<std::string>{next->id});
    EXPECT_TRUE(networks().destroy_sandbox(*next));
}

TEST_F(NetworkLifecycle, TablesOfOthersStayAsTheyAre) {
    const std::string table = "slwforeign" + std::to_string(getpid());
    NftBatch batch;
    batch.add(nft_new_table(table));
    batch.add(nft_new_chain(table, "forward", NftHook{"filter", NF_INET_FORWARD, 0}));
    NftRule rule(table, "forward");
    batch.add(rule.verdict(NF_ACCEPT).build());
    ASSERT_TRUE(std::move(batch).commit());
    const std::vector<std::string> before = foreign_firewall();
    ASSERT_FALSE(before.empty());

    const auto c = running('a', {publish("tcp", 80, 0)});
    EXPECT_EQ(foreign_firewall(), before);
    EXPECT_TRUE(networks().destroy_sandbox(*c));
    EXPECT_EQ(foreign_firewall(), before);

    NftBatch removal;
    removal.add(nft_delete_table(table));
    EXPECT_TRUE(std::move(removal).commit());
}

TEST_F(NetworkLifecycle, ManyPortsAreOneTransactionAllOrNothing) {
    json ports = json::array();
    for (int i = 0; i < 500; ++i)
        ports.push_back(publish(i % 2 == 0 ? "tcp" : "udp", 1000 + i, 0, i % 3 == 0 ? "127.0.0.1" : ""));
    const auto c = open('a');
    ASSERT_TRUE(networks().create_sandbox(*c, {{"Mode", "private"}}));

    const auto begin = std::chrono::steady_clock::now();
    const Result<json> attached = networks().attach(*c, endpoint_document(ports));
    const auto took = std::chrono::steady_clock::now() - begin;

    ASSERT_TRUE(attached) << attached.error().message();
    std::cout << "endpoint_attach with 500 ports: " << took / std::chrono::microseconds(1) << " us\n";
    EXPECT_EQ(published(), 500U);
    EXPECT_EQ(c->sandbox->held_ports.size(), 500U);
    const auto end = std::chrono::steady_clock::now();
    EXPECT_TRUE(networks().destroy_sandbox(*c));
    std::cout << "sandbox_destroy with 500 ports: "
              << (std::chrono::steady_clock::now() - end) / std::chrono::microseconds(1) << " us\n";
    EXPECT_EQ(published(), 0U);
}

TEST_F(NetworkLifecycle, TimingsForInformation) {
    std::vector<double> sandbox, attach, destroy;
    const auto us = [](auto from, auto to) { return std::chrono::duration<double, std::micro>(to - from).count(); };
    for (int i = 0; i < 25; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(40));
        const auto c = open(static_cast<char>('a' + i % 6));
        const auto t0 = std::chrono::steady_clock::now();
        ASSERT_TRUE(networks().create_sandbox(*c, {{"Mode", "private"}}));
        const auto t1 = std::chrono::steady_clock::now();
        ASSERT_TRUE(networks().attach(*c, endpoint_document({publish("tcp", 80, 0)})));
        const auto t2 = std::chrono::steady_clock::now();
        ASSERT_TRUE(networks().destroy_sandbox(*c));
        const auto t3 = std::chrono::steady_clock::now();
        sandbox.push_back(us(t0, t1));
        attach.push_back(us(t1, t2));
        destroy.push_back(us(t2, t3));
    }
    const auto print = [](const char* name, std::vector<double>& values) {
        std::sort(values.begin(), values.end());
        std::cout << name << ", idle: median " << values[values.size() / 2] << " us, min " << values.front() << " us\n";
    };
    print("sandbox_create", sandbox);
    print("endpoint_attach with one port", attach);
    print("sandbox_destroy", destroy);
}

}  // namespace
}  // namespace slipway::linux_backend::testing
