#include "support/api_fixture.hpp"

#include "http/base64.hpp"

namespace slipway::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ArchiveRoutes : public ApiTest {};

TEST_F(ArchiveRoutes, Base64HasPadding) {
    EXPECT_EQ(api::to_base64(""), "");
    EXPECT_EQ(api::to_base64("f"), "Zg==");
    EXPECT_EQ(api::to_base64("fo"), "Zm8=");
    EXPECT_EQ(api::to_base64("foo"), "Zm9v");
    EXPECT_EQ(api::to_base64("\xff\xfe\xfd\xfc"), "//79/A==");
}

TEST_F(ArchiveRoutes, HeadTellsAndSendsNothing) {
    RawClient client(address());
    client.send("HEAD /v1.43/containers/web/archive?path=/a%20b HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const Reply reply = client.read_reply(true);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("X-Docker-Container-Path-Stat"), api::to_base64(R"({"name":"f","size":3})"));
    EXPECT_THAT(engine.calls, ElementsAre("stat web /a b"));
}

TEST_F(ArchiveRoutes, GetStreamsATarWithTheSameHeader) {
    const Reply reply = get("/containers/web/archive?path=/f");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "abc");
    EXPECT_EQ(reply.header("Content-Type"), "application/x-tar");
    EXPECT_EQ(reply.header("X-Docker-Container-Path-Stat"), api::to_base64(R"({"name":"f","size":3})"));
}

TEST_F(ArchiveRoutes, WhatFailsLateCutsTheStream) {
    engine.failure = Error(ErrorCode::kSystem, "disk broke");
    engine.fail_late = true;
    RawClient client(address());
    client.send("GET /containers/web/archive?path=/f HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string all = client.read_to_end();
    EXPECT_THAT(all, HasSubstr("3\r\nabc\r\n"));
    EXPECT_THAT(all, Not(HasSubstr("\r\n0\r\n\r\n")));
}

TEST_F(ArchiveRoutes, WhatFailsEarlyIsTheReply) {
    engine.failure = Error(ErrorCode::kNotFound, "Could not find the file /f in container web");
    for (const char* method : {"GET", "PUT"}) {
        const Reply reply = request(method, "/containers/web/archive?path=/f");
        EXPECT_EQ(reply.status, 404) << method;
        EXPECT_EQ(reply.json()["message"], engine.failure->message());
    }
    engine.failure.reset();
    EXPECT_EQ(get("/containers/web/archive").status, 400);
    EXPECT_EQ(get("/containers/web/archive?path=").json()["message"], "bad parameter: path cannot be empty");
    EXPECT_EQ(request("PUT", "/containers/web/archive").status, 400);
}

TEST_F(ArchiveRoutes, PutPassesTheBodyOn) {
    const std::string body(1'000'000, 't');
    EXPECT_EQ(request("PUT", "/containers/web/archive?path=/d&noOverwriteDirNonDir=true", body).status, 200);
    EXPECT_EQ(engine.received.size(), body.size());
    EXPECT_EQ(request("PUT", "/containers/web/archive?path=/d&copyUIDGID=1", body).status, 200);
    EXPECT_THAT(engine.calls, ElementsAre("put web /d kinds owners", "put web /d owners"));
}

TEST_F(ArchiveRoutes, ChangesAndExport) {
    EXPECT_EQ(get("/containers/web/changes").body, "null\n");
    const Reply reply = get("/containers/web/export");
    EXPECT_EQ(reply.header("Content-Type"), "application/octet-stream");
    EXPECT_EQ(reply.body, "abc");
    EXPECT_THAT(engine.calls, ElementsAre("changes web", "export web"));
}

}  // namespace
}  // namespace slipway::test
