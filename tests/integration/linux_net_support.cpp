#include "linux_net_support.hpp"

#include <sys/nft_batch.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace slipway::linux_backend::testing {

namespace {

using nlohmann::json;

const void* SLW_CALL no_service(void*, const char*) {
    return nullptr;
}
uint64_t SLW_CALL now(void*) {
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}
const slw_host kHost = {sizeof(slw_host), 0, nullptr, &no_service, &now};

sockaddr_in endpoint_of(const std::string& address, uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    inet_pton(AF_INET, address.c_str(), &result.sin_addr);
    return result;
}

std::string text_of_address(const sockaddr_in& address) {
    char text[INET_ADDRSTRLEN] = {};
    inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
    return text;
}

int type_of(Protocol protocol) {
    return protocol == Protocol::kUdp ? SOCK_DGRAM : SOCK_STREAM;
}

// Runs `body` on the network of `netns`, -1 for the test's own.
void within(int netns, const std::function<void()>& body) {
    if (netns < 0) return body();
    const Status done = run_in_netns(netns, [&]() -> Status {
        body();
        return ok();
    });
    ASSERT_TRUE(done) << done.error().message();
}

bool wait_for(int fd, short events, std::chrono::milliseconds patience) {
    pollfd entry{fd, events, 0};
    return poll(&entry, 1, static_cast<int>(patience.count())) == 1;
}

Reached reach_tcp(const UniqueFd& client, sockaddr_in to, const UniqueFd& server, std::chrono::milliseconds patience) {
    if (connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) {
        return {errno, {}};
    }
    if (!wait_for(client.get(), POLLOUT, patience)) return {ETIMEDOUT, {}};
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return {error, {}};

    if (!wait_for(server.get(), POLLIN, patience)) return {EHOSTUNREACH, {}};  // somebody else answered
    sockaddr_in from{};
    socklen_t from_size = sizeof from;
    const UniqueFd served{accept4(server.get(), reinterpret_cast<sockaddr*>(&from), &from_size, SOCK_CLOEXEC)};
    char byte = 'x';
    if (!served || write(served.get(), &byte, 1) != 1 || !wait_for(client.get(), POLLIN, patience)) return {EIO, {}};
    if (read(client.get(), &byte, 1) != 1) return {EIO, {}};
    return {0, text_of_address(from)};
}

Reached reach_udp(const UniqueFd& client, sockaddr_in to, const UniqueFd& server, std::chrono::milliseconds patience) {
    if (connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return {errno, {}};
    if (send(client.get(), "ping", 4, 0) != 4) return {errno, {}};
    if (!wait_for(server.get(), POLLIN, patience)) return {ETIMEDOUT, {}};
    char buffer[16];
    sockaddr_in from{};
    socklen_t size = sizeof from;
    if (recvfrom(server.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size) != 4) {
        return {EIO, {}};
    }
    sendto(server.get(), "pong", 4, 0, reinterpret_cast<sockaddr*>(&from), size);
    if (!wait_for(client.get(), POLLIN, patience)) return {ETIMEDOUT, {}};
    if (recv(client.get(), buffer, sizeof buffer, 0) != 4) return {errno, {}};
    return {0, text_of_address(from)};
}

}  // namespace

std::string test_bridge() {
    return "slwt" + std::to_string(getpid());
}

UniqueFd serve(int netns, Protocol protocol, const std::string& address, uint16_t port) {
    UniqueFd server;
    within(netns, [&] {
        server.reset(socket(AF_INET, type_of(protocol) | SOCK_CLOEXEC, 0));
        const int on = 1;
        setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        const sockaddr_in where = endpoint_of(address, port);
        ASSERT_EQ(bind(server.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0) << errno;
        if (protocol == Protocol::kTcp) {
            ASSERT_EQ(listen(server.get(), 16), 0);
        }
    });
    return server;
}

Reached reach(int netns, Protocol protocol, const std::string& address, uint16_t port, const UniqueFd& server,
              std::chrono::milliseconds patience) {
    UniqueFd client;
    within(netns, [&] { client.reset(socket(AF_INET, type_of(protocol) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); });
    const sockaddr_in to = endpoint_of(address, port);
    return protocol == Protocol::kTcp ? reach_tcp(client, to, server, patience)
                                      : reach_udp(client, to, server, patience);
}

bool link_exists(const std::string& name) {
    Result<NetlinkSocket> route = NetlinkSocket::open(NETLINK_ROUTE);
    if (!route) return true;
    const Result<std::optional<LinkInfo>> link = find_link(*route, name);
    return !link || link->has_value();
}

bool link_goes(const std::string& name, std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (link_exists(name)) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

size_t descriptors() {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        (void)entry;
        ++count;
    }
    return count;
}

std::vector<std::string> foreign_firewall() {
    std::vector<std::string> objects;
    for (const auto type : {NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN, NFT_MSG_GETRULE, NFT_MSG_GETSET}) {
        const Result<std::vector<NetlinkReply>> replies = nft_query(nft_message("list", type, NLM_F_DUMP));
        if (!replies) continue;
        for (const NetlinkReply& reply : *replies) {
            // Behind the fixed header, which counts the changes of all tables. A table's own count of chains is in
            // there.
            const auto* head = reinterpret_cast<const char*>(reply.header());
            std::string bytes(head + NLMSG_HDRLEN + 4, reply.header()->nlmsg_len - NLMSG_HDRLEN - 4);
            if (bytes.find("slipway-" + test_bridge()) == std::string::npos) objects.push_back(std::move(bytes));
        }
    }
    std::sort(objects.begin(), objects.end());
    return objects;
}

OutsideHost::OutsideHost() : link_("slwo" + std::to_string(getpid())) {
    Result<NewNetns> inside = make_netns();
    EXPECT_TRUE(inside);
    inside_.emplace(std::move(*inside));
    Result<NetlinkSocket> host = NetlinkSocket::open(NETLINK_ROUTE);
    EXPECT_TRUE(host);

    VethPlan plan;
    plan.host_name = link_;
    plan.guest_name = "eth0";
    plan.netns = netns();
    EXPECT_TRUE(host->transact(new_veth(plan)));
    const int outer = (*find_link(*host, link_))->index;
    const int inner = (*find_link(inside_->route, "eth0"))->index;
    EXPECT_TRUE(host->transact(new_address(outer, *Ipv4Prefix::parse(host_address() + "/24"))));
    std::vector<NetlinkMessage> messages;
    messages.push_back(new_address(inner, *Ipv4Prefix::parse(address() + "/24")));
    messages.push_back(set_up("eth0"));
    messages.push_back(new_default_route(inner, *Ipv4::parse(host_address())));
    const Status configured = inside_->route.transact(messages);
    EXPECT_TRUE(configured) << (configured ? "" : configured.error().message());
}

OutsideHost::~OutsideHost() {
    inside_.reset();
    EXPECT_TRUE(link_goes(link_));
}

void NetworkTest::SetUp() {
    ASSERT_EQ(geteuid(), 0U) << "this test needs root";
    char name[] = "/tmp/slipway-net-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    start_backend();
}

void NetworkTest::TearDown() {
    if (backend_) {
        const Status removed = networks().remove_network(network_document());
        EXPECT_TRUE(removed) << (removed ? "" : removed.error().message());
        EXPECT_FALSE(link_exists(test_bridge()));
    }
    backend_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
    std::filesystem::remove("/run/slipway-" + test_bridge() + ".lock", ignored);
}

void NetworkTest::start_backend() {
    backend_.reset();
    BackendConfig config;
    config.data_root = directory_ + "/data";
    config.exec_root = directory_ + "/exec";
    config.instance = "0123abcd";
    config.bridge = test_bridge();
    config.cgroup_parent = "/slipway-net-test";
    config.supervisor = "/nonexistent";
    backend_ = std::make_unique<slw_backend>(&kHost, config);
    const Result<json> made = networks().create_network(network_document());
    ASSERT_TRUE(made) << made.error().message();
}

std::unique_ptr<slw_container> NetworkTest::open(char digit) {
    const std::string id(64, digit), state = directory_ + "/" + id;
    mkdir(state.c_str(), 0700);
    return std::make_unique<slw_container>(*backend_, id, std::string("c-") + digit, state, state);
}

std::unique_ptr<slw_container> NetworkTest::running(char digit, json ports) {
    std::unique_ptr<slw_container> container = open(digit);
    const Result<json> sandbox = networks().create_sandbox(*container, {{"Mode", "private"}});
    EXPECT_TRUE(sandbox) << (sandbox ? "" : sandbox.error().message());
    Result<json> endpoint = networks().attach(*container, endpoint_document(std::move(ports)));
    EXPECT_TRUE(endpoint) << (endpoint ? "" : endpoint.error().message());
    last_endpoint_ = endpoint ? *endpoint : json{{"IPAddress", ""}};
    last_address_ = address_of(last_endpoint_);
    return container;
}

json NetworkTest::network_document() const {
    return {{"Id", "net-1"}, {"Name", "bridge"}, {"Driver", "bridge"}};
}

json NetworkTest::endpoint_document(json ports) const {
    return {{"Network", network_document()}, {"EndpointId", "endpoint-1"}, {"Ports", std::move(ports)}};
}

json NetworkTest::publish(const char* protocol, int container_port, int host_port, const char* host_ip) {
    return {{"Proto", protocol}, {"ContainerPort", container_port}, {"HostPort", host_port}, {"HostIp", host_ip}};
}

size_t NetworkTest::published() const {
    const Result<std::vector<PublishedElement>> elements = Firewall(test_bridge()).list();
    EXPECT_TRUE(elements);
    return elements ? elements->size() : 0;
}

}  // namespace slipway::linux_backend::testing
