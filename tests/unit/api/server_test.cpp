// The server's behaviour on the wire: framing, limits, keep-alive, versions, errors.
#include "support/api_fixture.hpp"

namespace slipway::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using ServerTest = ApiTest;

TEST_F(ServerTest, PingCarriesTheNegotiationHeaders) {
    for (const char* method : {"GET", "HEAD"}) {
        const Reply reply = request(method, "/_ping");
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.header("Api-Version"), "1.51");
        EXPECT_EQ(reply.header("Ostype"), "linux");
        EXPECT_EQ(reply.header("Docker-Experimental"), "false");
        EXPECT_EQ(reply.header("Server"), "Slipway/0.0-test (linux)");
        EXPECT_EQ(reply.header("Content-Length"), "2");
    }
    EXPECT_EQ(get("/v1.30/_ping").body, "OK");
}

TEST_F(ServerTest, VersionsOutOfRangeAreRefused) {
    Reply reply = get("/v1.99/info");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json()["message"], "client version 1.99 is too new. Maximum supported API version is 1.51");
    reply = get("/v1.12/info");
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, StartsWith("client version 1.12 is too old."));  // plain text below 1.24
}

TEST_F(ServerTest, MinimumVersionCanBeRaised) {
    options.min_api_version = "1.24";
    EXPECT_EQ(get("/v1.23/info").status, 400);
    EXPECT_EQ(get("/v1.24/info").status, 200);
    EXPECT_EQ(get("/version").json()["MinAPIVersion"], "1.24");
}

TEST_F(ServerTest, UnknownRoutesAreNotFound) {
    const Reply reply = get("/v1.51/nonsense");
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.body, "{\"message\":\"page not found\"}\n");
    EXPECT_EQ(get("/v1.23/nonsense").body, "page not found\n");
    EXPECT_EQ(request("PATCH", "/info").status, 404);
}

TEST_F(ServerTest, MissingFeaturesSaySo) {
    const Reply reply = request("GET", "/v1.51/containers/x/checkpoints");
    EXPECT_EQ(reply.status, 501);
    EXPECT_EQ(reply.json()["message"], "not implemented in this version of Slipway: checkpoints");
    EXPECT_EQ(request("POST", "/images/create?fromImage=alpine&tag=latest").status, 501);
    EXPECT_EQ(request("PUT", "/volumes/x").status, 501);
    EXPECT_EQ(get("/swarm").status, 501);
    EXPECT_EQ(request("POST", "/images/a/b/push").status, 501);
}

TEST_F(ServerTest, OneConnectionServesManyRequests) {
    RawClient client(address());
    for (int i = 0; i < 3; ++i) {
        client.send("GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
        EXPECT_EQ(client.read_reply().body, "OK");
    }
    client.send("GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nonsense HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 200);
    EXPECT_EQ(client.read_reply().status, 404);
    client.send("GET /_ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.read_reply().header("Connection"), "close");
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(ServerTest, UnreadBodiesAreNotTakenForRequests) {
    RawClient client(address());
    client.send(
        "POST /nonsense HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\n"
        "GET /_ping HTTP/1.1\r\nHost: x\r\n"
        "GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 404);
    EXPECT_EQ(client.read_reply().body, "OK");
    client.send(
        "POST /nonsense HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        "GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 404);
    EXPECT_EQ(client.read_reply().body, "OK");
}

TEST_F(ServerTest, AmbiguousFramingIs400AndTheEnd) {
    RawClient client(address());
    client.send(
        "POST /containers/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"
        "GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 400);
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(ServerTest, LargeHeadsAre431) {
    RawClient client(address());
    client.send("GET /_ping HTTP/1.1\r\nA: " + std::string(70'000, 'x'));
    EXPECT_EQ(client.read_reply().status, 431);
}

TEST_F(ServerTest, JsonBodiesAbove4MiBAre413) {
    const std::string target = "/containers/create";
    const std::string padding(4 * 1024 * 1024, ' ');
    Reply reply = post_json(target, "{}" + padding);
    EXPECT_EQ(reply.status, 413);
    EXPECT_THAT(reply.json()["message"].get<std::string>(), HasSubstr("larger than 4194304 bytes"));
    EXPECT_EQ(post_json(target, "{}" + padding.substr(2)).status, 201);

    RawClient client(address());  // length unknown in advance
    client.send(
        "POST /containers/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n500000\r\n{}" +
        std::string(0x500000 - 2, ' ') + "\r\n0\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 413);
}

TEST_F(ServerTest, AGigabyteIsRefusedBeforeItIsSent) {
    RawClient client(address());
    client.send(
        "POST /containers/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 1073741824\r\n\r\n{");
    EXPECT_EQ(client.read_reply().status, 413);
}

TEST_F(ServerTest, ExpectContinueIsAnsweredOnlyWhenTheBodyIsWanted) {
    RawClient client(address());
    client.send(
        "POST /containers/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(client.read_exactly(25), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("{}");
    EXPECT_EQ(client.read_reply().status, 201);

    client.send("POST /nonsense HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 404);
}

TEST_F(ServerTest, HalfOpenRequestsEndWith408) {
    options.head_timeout = std::chrono::milliseconds(50);
    RawClient client(address());
    client.send("GET /_ping HTT");
    EXPECT_EQ(client.read_reply().status, 408);
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(ServerTest, StalledBodiesEndTheConnection) {
    options.body_timeout = std::chrono::milliseconds(50);
    RawClient client(address());
    client.send(
        "POST /containers/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 10\r\n\r\n{");
    EXPECT_EQ(client.read_reply().status, 400);
    EXPECT_TRUE(engine.created.config.is_null());
}

TEST_F(ServerTest, SilentConnectionsAreClosedInTime) {
    options.first_request_timeout = std::chrono::milliseconds(50);
    RawClient client(address());
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(ServerTest, IdleConnectionsGiveWayToNewOnes) {
    options.max_connections = 16;
    std::vector<std::unique_ptr<RawClient>> idle;
    for (int i = 0; i < 40; ++i) idle.push_back(std::make_unique<RawClient>(address()));
    EXPECT_EQ(get("/_ping").body, "OK");
    EXPECT_TRUE(idle.front()->is_closed_by_server());
}

TEST_F(ServerTest, OldHttpIsClosedAfterItsReply) {
    RawClient client(address());
    client.send("GET /_ping HTTP/1.0\r\nHost: localhost\r\n\r\n");
    const std::string all = client.read_to_end();
    EXPECT_THAT(all, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(all, testing::EndsWith("OK"));
}

TEST_F(ServerTest, StoppingClosesIdleConnections) {
    RawClient client(address());
    client.send("GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 200);
    TearDown();
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Listeners, PlainTcpNeedsLoopbackAndConsent) {
    EXPECT_EQ(api::Listener::bind("tcp://127.0.0.1:0", {}).error().code(), ErrorCode::kPermissionDenied);
    api::ListenOptions insecure;
    insecure.insecure_loopback = true;
    EXPECT_EQ(api::Listener::bind("tcp://0.0.0.0:0", insecure).error().code(), ErrorCode::kPermissionDenied);
    EXPECT_EQ(api::Listener::bind("tcp://nonsense", insecure).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(api::Listener::bind("http://127.0.0.1:0", insecure).error().code(), ErrorCode::kInvalidArgument);
    const Result<api::Listener> listener = api::Listener::bind("tcp://127.0.0.1:0", insecure);
    ASSERT_TRUE(listener.has_value());
    EXPECT_THAT(listener->address(), StartsWith("tcp://127.0.0.1:"));
    EXPECT_NE(listener->address(), "tcp://127.0.0.1:0");
}

}  // namespace
}  // namespace slipway::test
