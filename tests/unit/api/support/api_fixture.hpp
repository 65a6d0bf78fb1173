// tests/unit/api/support/api_fixture.hpp - a server on a temporary unix socket (on Windows: on a loopback port) with a
// FakeEngine behind it, and a client that sends bytes as written and reads replies back.
#pragma once

#include "support/connection.hpp"
#include "support/fake_engine.hpp"

#include <slipway/api/server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace slipway::test {

struct Reply {
    int status = 0;
    std::string head;
    std::string body;  // without chunk framing
    // The value of a header, or "(absent)".
    std::string header(const std::string& name) const;
    nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
};

class RawClient {
public:
    explicit RawClient(const std::string& address) : connection_(address) {}

    // What the server said when it does not take all of it is read next.
    void send(const std::string& bytes) { connection_.send(bytes); }
    void half_close() { connection_.end_writing(); }
    // Reads one reply, whatever says where it ends.
    Reply read_reply(bool head_only = false);
    // Everything until the other side closes.
    std::string read_to_end();
    std::string read_exactly(size_t count);
    bool is_closed_by_server();

private:
    bool fill();
    Connection connection_;
    std::string buffer_;
};

class ApiTest : public testing::Test {
protected:
    void TearDown() override;

    // Starts on first use, so that a test may change `options` and the engine before.
    const std::string& address();
    Reply request(const std::string& method, const std::string& target, const std::string& body = "",
                  const std::string& extra_headers = "");
    Reply get(const std::string& target) { return request("GET", target); }
    Reply post_json(const std::string& target, const std::string& body) {
        return request("POST", target, body, "Content-Type: application/json\r\n");
    }
    // A running container "web" with one published port.
    core::ContainerRecord sample_record() const;
    void add(core::ContainerRecord record);

    FakeEngine engine;
    api::Facts facts{.version = "0.0-test"};
    api::ServerOptions options;

private:
    std::string directory_;
    std::string address_;
    std::unique_ptr<api::Server> server_;
};

}  // namespace slipway::test
