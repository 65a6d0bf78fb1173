// Clients that attach, before a start and while it runs. POSIX: they are sockets.

#include "support/engine_fixture.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <thread>

namespace slipway::test {
namespace {

// A client and the server's end of its connection.
struct Client {
    Client() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() {
        ::close(ends[0]);
        drop_server_end();
    }
    void drop_server_end() {
        if (ends[1] >= 0) ::close(std::exchange(ends[1], -1));
    }
    // What has arrived within 5 s; "" at the end of the stream.
    std::string read_some() const {
        std::array<char, 256> buffer{};
        const ssize_t got = ::recv(ends[0], buffer.data(), buffer.size(), 0);
        return got > 0 ? std::string(buffer.data(), static_cast<size_t>(got)) : "";
    }
    bool has_input() const {
        pollfd state{ends[0], POLLIN, 0};
        return ::poll(&state, 1, 0) > 0;
    }
    std::array<int, 2> ends{-1, -1};
};

class Attach : public EngineFixture {
protected:
    AttachOptions options_for(const Client& client) const {
        AttachOptions attach;
        attach.stream = true;
        attach.want_stdout = true;
        attach.want_stderr = true;
        attach.stream_handle = client.ends[1];
        attach.preamble = "HEAD";
        return attach;
    }
};

TEST_F(Attach, BeforeTheStartTheHeadComesAtOnceAndTheStartHandsTheClientOver) {
    const std::string id = create({"sleep"});
    Client client;

    ASSERT_TRUE(engine->attach_container(id, options_for(client)));

    EXPECT_EQ(client.read_some(), "HEAD");
    EXPECT_EQ(sim->count_calls("attach"), 0);
    ASSERT_TRUE(engine->start_container(id));
    ASSERT_EQ(sim->container(id).attaches.size(), 1U);
    EXPECT_TRUE(sim->container(id).attaches[0].multiplexed);
    EXPECT_EQ(sim->container(id).attaches[0].preamble, "");
}

TEST_F(Attach, Sf55_AStartThatFailsLetsTheClientGo) {
    const std::string id = create({"missing"});
    Client client;
    ASSERT_TRUE(engine->attach_container(id, options_for(client)));
    client.drop_server_end();
    EXPECT_EQ(client.read_some(), "HEAD");

    ASSERT_FALSE(engine->start_container(id));

    EXPECT_EQ(client.read_some(), "");
}

TEST_F(Attach, RemovalLetsTheClientGo) {
    const std::string id = create({"sleep"});
    Client client;
    ASSERT_TRUE(engine->attach_container(id, options_for(client)));
    client.drop_server_end();
    EXPECT_EQ(client.read_some(), "HEAD");

    ASSERT_TRUE(engine->remove_container(id, {}));

    EXPECT_EQ(client.read_some(), "");
}

TEST_F(Attach, AClientThatCannotBeAttachedDoesNotFailTheStart) {
    const std::string id = create({"sleep"});
    Client client;
    ASSERT_TRUE(engine->attach_container(id, options_for(client)));
    client.drop_server_end();
    EXPECT_EQ(client.read_some(), "HEAD");
    sim->fail_next("attach", Error(ErrorCode::kSystem, "no luck"));

    EXPECT_TRUE(engine->start_container(id));

    EXPECT_EQ(client.read_some(), "");
}

TEST_F(Attach, WhileItRunsTheBackendWritesTheHead) {
    const std::string id = create_started({"sleep"});
    Client client;

    ASSERT_TRUE(engine->attach_container(id, options_for(client)));

    EXPECT_FALSE(client.has_input());
    ASSERT_EQ(sim->container(id).attaches.size(), 1U);
    EXPECT_EQ(sim->container(id).attaches[0].preamble, "HEAD");
}

TEST_F(Attach, StdinIsOnlyGivenToAContainerThatKeepsItOpen) {
    const std::string id = create_started({"sleep"});
    Client client;
    AttachOptions attach = options_for(client);
    attach.want_stdin = true;

    ASSERT_TRUE(engine->attach_container(id, attach));

    EXPECT_FALSE(sim->container(id).attaches.at(0).want_stdin);
}

TEST_F(Attach, AFailingAttachToARunningContainerIsTold) {
    const std::string id = create_started({"sleep"});
    Client client;
    sim->fail_next("attach", Error(ErrorCode::kUnimplemented, "no streams here"));

    Status attached = engine->attach_container(id, options_for(client));

    ASSERT_FALSE(attached);
    EXPECT_EQ(attached.error().code(), ErrorCode::kUnimplemented);
    EXPECT_FALSE(client.has_input());
}

TEST_F(Attach, LogsAloneEndTheStream) {
    const std::string id = create({"sleep"});
    Client client;
    AttachOptions attach = options_for(client);
    attach.logs = true;
    attach.stream = false;

    ASSERT_TRUE(engine->attach_container(id, attach));
    client.drop_server_end();

    EXPECT_EQ(client.read_some(), "HEAD");
    EXPECT_EQ(client.read_some(), "");
}

}  // namespace
}  // namespace slipway::test
