// tests/integration/linux_net_support.hpp - a backend with a bridge of its own, containers without processes, an
// outside host in a name space of its own, and connections between all of them.
#pragma once

#include <container.hpp>
#include <net/firewall.hpp>
#include <net/links.hpp>
#include <net/network_manager.hpp>
#include <sys/netns.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend::testing {

// "slwt<pid>": no other test program has it.
std::string test_bridge();

// Where a connection was made from, as the server saw it, or why there is none.
struct Reached {
    int error = 0;  // errno of the attempt, ETIMEDOUT when nothing was heard; 0 when it was reached
    std::string client;
    explicit operator bool() const { return error == 0; }
};

// A socket bound inside a name space (-1: the host's): TCP ones listen, UDP ones receive.
UniqueFd serve(int netns, Protocol protocol, const std::string& address, uint16_t port);

// Reaches for address:port from inside `netns`, and waits for `server` to answer: one TCP connection, or a datagram
// there and back.
Reached reach(int netns, Protocol protocol, const std::string& address, uint16_t port, const UniqueFd& server,
              std::chrono::milliseconds patience = std::chrono::milliseconds(1500));

bool link_exists(const std::string& name);
// Waits until the kernel has deleted it.
bool link_goes(const std::string& name, std::chrono::milliseconds patience = std::chrono::milliseconds(2000));
size_t descriptors();
// Everything nftables holds for IPv4 but tables of this process' bridges, in the kernel's own encoding.
std::vector<std::string> foreign_firewall();

// Another machine: a name space joined to the host by a veth pair, with the host as its default gateway.
class OutsideHost {
public:
    OutsideHost();
    ~OutsideHost();
    int netns() const { return inside_->netns.get(); }
    std::string host_address() const { return "198.18.77.1"; }  // benchmark range, RFC 2544
    std::string address() const { return "198.18.77.2"; }

private:
    std::string link_;
    std::optional<NewNetns> inside_;
};

class NetworkTest : public ::testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    // A daemon starts, or starts again after the earlier one was dropped.
    void start_backend();
    NetworkManager& networks() { return *backend_->networks; }
    std::unique_ptr<slw_container> open(char digit);
    // open() with a private sandbox on the bridge.
    std::unique_ptr<slw_container> running(char digit, nlohmann::json ports = nlohmann::json::array());

    nlohmann::json network_document() const;
    nlohmann::json endpoint_document(nlohmann::json ports = nlohmann::json::array()) const;
    static nlohmann::json publish(const char* protocol, int container_port, int host_port, const char* host_ip = "");
    static std::string address_of(const nlohmann::json& endpoint) { return endpoint["IPAddress"].get<std::string>(); }
    // Address given to the container that running() made last.
    const std::string& last_address() const { return last_address_; }
    const nlohmann::json& last_endpoint() const { return last_endpoint_; }
    // Elements in our table.
    size_t published() const;

    std::string directory_;
    std::unique_ptr<slw_backend> backend_;

private:
    std::string last_address_;
    nlohmann::json last_endpoint_;
};

}  // namespace slipway::linux_backend::testing
