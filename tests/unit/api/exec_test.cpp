// The routes of exec and pause.
#include "support/api_fixture.hpp"

namespace slipway::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class ExecTest : public ApiTest {
protected:
    ExecTest() {
        engine.exec.id = kId;
        engine.exec.container_id = std::string(64, 'c');
        engine.exec.config.command = {"sh", "-c", "true"};
    }
    std::string start_request(const std::string& body, bool upgrade = true) const {
        return "POST /v1.43/exec/" + kId + "/start HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
               (upgrade ? "Connection: Upgrade\r\nUpgrade: tcp\r\n" : "") +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    const std::string kId = std::string(64, 'e');
};

TEST_F(ExecTest, PauseAndUnpauseAnswer204) {
    add(sample_record());
    EXPECT_EQ(request("POST", "/containers/web/pause").status, 204);
    EXPECT_EQ(request("POST", "/containers/web/unpause").status, 204);
    EXPECT_THAT(engine.calls, ElementsAre("pause web", "unpause web"));
    engine.failure = Error(ErrorCode::kConflict, "Container x is already paused");
    const Reply refused = request("POST", "/containers/web/pause");
    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(refused.json()["message"], "Container x is already paused");
}

TEST_F(ExecTest, CreateReadsTheConfiguration) {
    const Reply reply = post_json(
        "/containers/web/exec",
        R"({"Cmd": ["a", "b"], "Env": ["X=1"], "User": "u", "WorkingDir": "/w", "Tty": true, "AttachStdin": true,
            "AttachStdout": true, "AttachStderr": null, "DetachKeys": "ctrl-a", "ConsoleSize": [40, 100]})");

    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(reply.json(), (nlohmann::json{{"Id", kId}}));
    const core::ExecConfig& config = engine.exec.config;
    EXPECT_THAT(config.command, ElementsAre("a", "b"));
    EXPECT_THAT(config.env, ElementsAre("X=1"));
    EXPECT_EQ(config.user, "u");
    EXPECT_EQ(config.working_dir, "/w");
    EXPECT_TRUE(config.tty);
    EXPECT_TRUE(config.attach_stdin);
    EXPECT_TRUE(config.attach_stdout);
    EXPECT_FALSE(config.attach_stderr);
    EXPECT_EQ(config.detach_keys, "\x01");
    EXPECT_EQ(config.rows, 40);
    EXPECT_EQ(config.cols, 100);
}

TEST_F(ExecTest, CreateRefusesWhatItCannotRead) {
    for (const char* body :
         {R"({"Cmd": "sh"})", R"({"Cmd": [1]})", R"({"Cmd": ["sh"], "Tty": "yes"})", R"({"Cmd": ["sh"], "User": 7})",
          R"({"Cmd": ["sh"], "ConsoleSize": [1]})", R"({"Cmd": ["sh"], "ConsoleSize": [1, 70000]})", R"(["sh"])",
          R"({"Cmd": ["sh"], "DetachKeys": "ctrl-1"})"}) {
        EXPECT_EQ(post_json("/containers/web/exec", body).status, 400) << body;
    }
}

TEST_F(ExecTest, ADetachedStartIsAnOrdinaryReply) {
    EXPECT_EQ(post_json("/exec/" + kId + "/start", R"({"Detach": true})").status, 200);
    EXPECT_TRUE(engine.exec_started.detach);
    engine.failure = Error(ErrorCode::kExecNotFound, "no such command");
    EXPECT_EQ(post_json("/exec/" + kId + "/start", R"({"Detach": true})").status, 400);
}

TEST_F(ExecTest, AnAttachedStartHandsTheConnectionOver) {
    RawClient client(address());
    client.send(start_request("{}") + "input");

    const Reply head = client.read_reply(true);

    EXPECT_EQ(head.status, 101);
    EXPECT_EQ(head.header("Content-Type"), "application/vnd.docker.multiplexed-stream");
    ASSERT_TRUE(engine.stream_copy.has_value());
    EXPECT_EQ(engine.exec_started.early_input, "input");
    EXPECT_TRUE(engine.stream_copy->send("output"));
    EXPECT_EQ(client.read_exactly(6), "output");
}

TEST_F(ExecTest, WhatFailsBeforeItIsAcceptedIsAnOrdinaryReply) {
    engine.refuse_exec = true;
    engine.failure = Error(ErrorCode::kConflict, "container x is not running");
    RawClient client(address());
    client.send(start_request("{}"));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(post_json("/exec/nobody/start", "{}").status, 404);
}

TEST_F(ExecTest, WhatFailsAfterwardsIsToldOnTheStream) {
    engine.failure = Error(ErrorCode::kExecNotFound, "no such command");
    RawClient client(address());
    client.send(start_request("{}"));
    EXPECT_EQ(client.read_reply(true).status, 101);
    EXPECT_EQ(client.read_to_end(), std::string("\x01\0\0\0\0\0\0\x11", 8) + "no such command\r\n");

    engine.exec.config.tty = true;
    RawClient terminal(address());
    terminal.send(start_request("{}", false));
    const Reply head = terminal.read_reply(true);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("Content-Type"), "application/vnd.docker.raw-stream");
    EXPECT_EQ(terminal.read_to_end(), "no such command\r\n");
}

TEST_F(ExecTest, InspectSaysHowItEnded) {
    nlohmann::json shown = get("/exec/" + kId + "/json").json();
    EXPECT_EQ(shown["Running"], false);
    EXPECT_TRUE(shown["ExitCode"].is_null());
    EXPECT_EQ(shown["ProcessConfig"]["entrypoint"], "sh");
    EXPECT_EQ(shown["ProcessConfig"]["arguments"], nlohmann::json({"-c", "true"}));
    EXPECT_EQ(shown["ContainerID"], std::string(64, 'c'));
    engine.exec.state = core::ExecState::kExited;
    engine.exec.exit_code = 42;
    shown = get("/exec/" + kId + "/json").json();
    EXPECT_EQ(shown["ExitCode"], 42);
    EXPECT_EQ(get("/exec/nobody/json").json()["message"], "No such exec instance: nobody");
}

TEST_F(ExecTest, ResizeAndIdsInInspect) {
    EXPECT_EQ(request("POST", "/exec/" + kId + "/resize?h=40&w=100").status, 200);
    EXPECT_THAT(engine.calls, Contains("resize exec " + kId + " 40x100"));
    EXPECT_EQ(request("POST", "/exec/" + kId + "/resize?h=x&w=100").status, 400);

    add(sample_record());
    EXPECT_TRUE(get("/containers/web/json").json()["ExecIDs"].is_null());
    engine.exec_ids = {kId};
    EXPECT_EQ(get("/containers/web/json").json()["ExecIDs"], nlohmann::json({kId}));
}

TEST_F(ExecTest, HealthIsShownWhereThereIsACheck) {
    core::ContainerRecord record = sample_record();
    add(record);
    EXPECT_FALSE(get("/containers/web/json").json()["State"].contains("Health"));
    record.health = core::HealthState{core::HealthStatus::kUnhealthy, 3, {{1, 2, -1, "late"}}};
    add(record);
    const nlohmann::json health = get("/containers/web/json").json()["State"]["Health"];
    EXPECT_EQ(health["Status"], "unhealthy");
    EXPECT_EQ(health["FailingStreak"], 3);
    EXPECT_EQ(health["Log"][0]["Output"], "late");
    EXPECT_EQ(health["Log"][0]["ExitCode"], -1);
    EXPECT_THAT(get("/containers/json").json()[0]["Status"].get<std::string>(), HasSubstr(" (unhealthy)"));
    record.health = core::HealthState{};
    add(record);
    EXPECT_THAT(get("/containers/json").json()[0]["Status"].get<std::string>(), HasSubstr(" (health: starting)"));
}

}  // namespace
}  // namespace slipway::test
