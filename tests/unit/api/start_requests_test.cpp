// The request of a start as the statements SF-03 and SF-06 to SF-18 have it, before the engine is involved.
#include "support/api_fixture.hpp"

#include <algorithm>

namespace slipway::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class StartRequest : public ApiTest {
protected:
    void SetUp() override { set_state(core::RunState::kExited); }
    void set_state(core::RunState state) {
        core::ContainerRecord record = sample_record();
        record.state = state;
        add(record);
    }
    Reply start(const std::string& prefix, const std::string& headers = "", const std::string& body = "",
                const std::string& name = "web") {
        RawClient client(address());
        client.send("POST " + prefix + "/containers/" + name + "/start HTTP/1.1\r\nHost: localhost\r\n" + headers +
                    "\r\n" + body);
        return client.read_reply();
    }
    static std::string message(const Reply& reply) { return reply.json().value("message", ""); }

    const std::string kBody =
        "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24";
};

TEST_F(StartRequest, Sf03_ARunningContainerIsNotModified) {
    set_state(core::RunState::kRunning);
    engine.start_outcome.already_running = true;
    for (const char* prefix : {"", "/v1.51", "/v1.24", "/v1.23", "/v1.22"}) {
        const Reply reply = start(prefix);
        EXPECT_EQ(reply.status, 304) << prefix;
        EXPECT_EQ(reply.body, "") << prefix;
    }
}

TEST_F(StartRequest, Sf06_AnUnknownNameIsToldAsGiven) {
    EXPECT_EQ(message(start("/v1.51", "", "", "nobody")), "No such container: nobody");
    const Reply reply = start("/v1.23", "", "", "nobody");
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.body, "No such container: nobody\n");
    // A name may have slashes; the engine gets it as it came.
    EXPECT_EQ(message(start("/v1.51", "", "", "%2Fsome%2Fone")), "No such container: /some/one");
}

TEST_F(StartRequest, Sf07_AnAmbiguousPrefixIs400) {
    engine.failure = Error(ErrorCode::kInvalidArgument, "multiple IDs found with provided prefix: c");
    const Reply reply = start("/v1.51");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(message(reply), "multiple IDs found with provided prefix: c");
}

TEST_F(StartRequest, Sf08_Sf09_AContainerBeingRemovedOrDead) {
    for (const core::RunState state : {core::RunState::kRemoving, core::RunState::kDead}) {
        set_state(state);
        engine.failure = Error(ErrorCode::kConflict, "container is marked for removal and cannot be started");
        Reply reply = start("/v1.51");
        EXPECT_EQ(reply.status, 409);
        EXPECT_EQ(message(reply), "container is marked for removal and cannot be started");
        reply = start("/v1.23");
        EXPECT_EQ(reply.status, 500);
        EXPECT_EQ(reply.body, "Container is marked for removal and cannot be started.\n");
    }
}

TEST_F(StartRequest, Sf09_AStateThatChangedInBetweenHasTheOldTextToo) {
    // The engine finds out under its lock what was not so when the request was looked at.
    engine.failure = Error(ErrorCode::kConflict, "container is marked for removal and cannot be started");
    engine.on_start = [this] { set_state(core::RunState::kRemoving); };
    const Reply reply = start("/v1.23");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "Container is marked for removal and cannot be started.\n");
}

TEST_F(StartRequest, Sf10_ABodyOfEightBytesIsRefusedBeforeAnyLookup) {
    const Reply reply = start("/v1.51", "Content-Length: 8\r\n", "12345678", "nobody");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(message(reply), kBody);
    EXPECT_EQ(
        message(start("/v1.24", "Content-Type: application/json\r\nContent-Length: 17\r\n", R"({"HostConfig":{}})")),
        kBody);
    EXPECT_THAT(engine.calls, IsEmpty());
}

TEST_F(StartRequest, Sf11_AChunkedBodyIsRefusedEvenWhenEmpty) {
    const Reply reply = start("/v1.51", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "nobody");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(message(reply), kBody);
}

TEST_F(StartRequest, Sf12_AShortBodyIsNeverLookedAt) {
    for (const char* body : {"{}", "null", "nonsens", "\xff\xfe"}) {
        for (const char* type : {"", "Content-Type: application/json\r\n", "Content-Type: text/plain\r\n"}) {
            const std::string length = "Content-Length: " + std::to_string(std::string(body).size()) + "\r\n";
            EXPECT_EQ(start("/v1.51", type + length, body).status, 204) << body << type;
        }
    }
}

TEST_F(StartRequest, Sf13_AnUnversionedRequestIsOfTheNewestVersion) {
    const Reply reply =
        start("", "Content-Type: application/json\r\nContent-Length: 23\r\n", R"({"Binds":["/tmp:/foo"]})");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(message(reply), kBody);
}

TEST_F(StartRequest, Sf14_VersionsOutOfRange) {
    Reply reply = start("/v1.52", "", "", "nobody");
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr("client version 1.52 is too new. Maximum supported API version is 1.51"));
    reply = start("/v1.21", "", "", "nobody");
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr("client version 1.21 is too old. Minimum supported API version is 1.22, please "
                                      "upgrade your client to a newer version"));
    EXPECT_THAT(engine.calls, IsEmpty());
}

TEST_F(StartRequest, Sf15_ErrorsAreJsonOrPlainTextByProfile) {
    for (const char* prefix : {"", "/v1.24", "/v1.51"}) {
        const Reply reply = start(prefix, "", "", "nobody");
        EXPECT_EQ(reply.header("Content-Type"), "application/json") << prefix;
        EXPECT_EQ(reply.json(), (nlohmann::json{{"message", "No such container: nobody"}})) << prefix;
    }
    for (const char* prefix : {"/v1.22", "/v1.23"}) {
        const Reply reply = start(prefix, "", "", "nobody");
        EXPECT_EQ(reply.header("Content-Type"), "text/plain; charset=utf-8") << prefix;
        EXPECT_EQ(reply.body, "No such container: nobody\n") << prefix;
    }
}

TEST_F(StartRequest, Sf16_AConfigurationThatIsNotValidAnyMoreIs400) {
    engine.failure = Error(ErrorCode::kInvalidArgument, "Minimum memory limit allowed is 6MB");
    const Reply reply = start("/v1.51");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(message(reply), "Minimum memory limit allowed is 6MB");
}

TEST_F(StartRequest, Sf17_NoWarningsComeWithAStart) {
    const Reply reply = start("/v1.51");
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(reply.body, "");
    EXPECT_EQ(reply.header("Warning"), "(absent)");
}

TEST_F(StartRequest, Sf18_Checkpoints) {
    Reply reply = request("POST", "/v1.51/containers/web/start?checkpoint=one");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(message(reply), "checkpoint is only supported in experimental mode");
    reply = request("POST", "/v1.51/containers/web/start?checkpoint-dir=/x");
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(message(reply), "custom checkpointdir is not supported");
    EXPECT_THAT(engine.calls, IsEmpty());
}

TEST_F(StartRequest, Sf43_Sf45_LaunchFailuresOfTheModernProfile) {
    engine.failure = Error(ErrorCode::kExecNotFound, "exec: \"httpd\": executable file not found in $PATH");
    Reply reply = start("/v1.51");
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(message(reply), HasSubstr("executable file not found"));
    engine.failure = Error(ErrorCode::kExecDenied, "exec: \"/etc\": is a directory: permission denied");
    reply = start("/v1.51");
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(message(reply), HasSubstr("permission denied"));
}

}  // namespace
}  // namespace slipway::test
