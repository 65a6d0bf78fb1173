#include "support/api_fixture.hpp"

#include "render/container_json.hpp"

namespace slipway::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ContainersTest : public ApiTest {
protected:
    void SetUp() override { add(sample_record()); }
    std::string start_with(const std::string& headers_and_body, const std::string& version = "1.51") {
        RawClient client(address());
        client.send("POST /v" + version + "/containers/web/start HTTP/1.1\r\nHost: localhost\r\n" + headers_and_body);
        const Reply reply = client.read_reply();
        return std::to_string(reply.status) + " " + reply.body;
    }
};

// --- create -------------------------------------------------------------------------------------------------------

TEST_F(ContainersTest, CreateSplitsTheBody) {
    const Reply reply = post_json("/v1.51/containers/create?name=/db&platform=linux%2Famd64",
                                  R"({"Image":"busybox","hostconfig":{"Memory":5},"NetworkingConfig":null})");
    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(reply.json(), (nlohmann::json{{"Id", std::string(64, 'a')}, {"Warnings", {"a warning"}}}));
    EXPECT_EQ(engine.created.name, "db");
    EXPECT_EQ(engine.created.platform, "linux/amd64");
    EXPECT_EQ(engine.created.config, (nlohmann::json{{"Image", "busybox"}}));
    EXPECT_EQ(engine.created.host_config, (nlohmann::json{{"Memory", 5}}));
    EXPECT_TRUE(engine.created.networking_config.is_null());
}

TEST_F(ContainersTest, CreateRefusesBadBodies) {
    const auto status = [this](const std::string& body) { return post_json("/containers/create", body).status; };
    EXPECT_EQ(status("{"), 400);
    EXPECT_EQ(status("[]"), 400);
    EXPECT_EQ(status("null"), 400);
    EXPECT_EQ(status("{\"Image\":\"\xff\"}"), 400);
    EXPECT_EQ(status(R"({"HostConfig":5})"), 400);
    EXPECT_EQ(status("{} {}"), 400);
    EXPECT_EQ(request("POST", "/containers/create").status, 400);
    EXPECT_EQ(request("POST", "/containers/create", "{}").status, 400);  // no Content-Type
    EXPECT_EQ(request("POST", "/containers/create", "{}", "Content-Type: text/plain\r\n").status, 400);
    EXPECT_EQ(request("POST", "/containers/create", "{}", "Content-Type: application/json; charset=utf-8\r\n").status,
              201);
}

TEST_F(ContainersTest, CreateErrorsKeepTheirText) {
    engine.failure = Error(ErrorCode::kNotFound, "No such image: nothing:latest");
    const Reply reply = post_json("/containers/create", "{}");
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.json()["message"], "No such image: nothing:latest");
}

// --- start --------------------------------------------------------------------------------------------------------

TEST_F(ContainersTest, StartReportsItsPhases) {
    engine.start_outcome.report = *sample_record().last_start;
    const Reply reply = request("POST", "/containers/web/start");
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(reply.header("Server-Timing"), "verify;dur=1.000, mount_root;dur=2.000, total;dur=3.000");
    EXPECT_EQ(reply.header("Content-Length"), "(absent)");
}

TEST_F(ContainersTest, StartOfARunningContainerIsNotModified) {
    engine.start_outcome.already_running = true;
    EXPECT_EQ(request("POST", "/containers/web/start").status, 304);
    engine.start_outcome.already_running = false;
    engine.failure = Error(ErrorCode::kNotModified, "container is already running");
    EXPECT_EQ(request("POST", "/containers/web/start").status, 304);
}

TEST_F(ContainersTest, StartBodiesOfTheModernProfile) {
    const std::string refused =
        "400 {\"message\":\"starting container with non-empty request body was deprecated since API v1.22 and removed "
        "in v1.24\"}\n";
    EXPECT_EQ(start_with("Content-Length: 0\r\n\r\n"), "204 ");
    EXPECT_EQ(start_with("\r\n"), "204 ");
    EXPECT_EQ(start_with("Content-Length: 7\r\n\r\n{\"a\":1}"), "204 ");
    EXPECT_EQ(start_with("Content-Length: 8\r\n\r\n{\"a\":11}"), refused);
    EXPECT_EQ(start_with("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), refused);
}

TEST_F(ContainersTest, StartBodiesOfTheLegacyProfile) {
    const std::string json = "Content-Type: application/json\r\n";
    EXPECT_EQ(start_with("\r\n", "1.23"), "204 ");
    EXPECT_EQ(start_with("Content-Length: 7\r\n\r\nwhateve", "1.23"), "204 ");
    EXPECT_EQ(start_with(json + "Content-Length: 16\r\n\r\n{\"Hostname\":\"x\"}", "1.23"), "204 ");
    EXPECT_EQ(start_with(json + "Content-Length: 19\r\n\r\n{\"HostConfig\":null}", "1.23"), "204 ");
    EXPECT_EQ(start_with("Content-Length: 9\r\n\r\n{\"a\":111}", "1.23"),
              "400 Content-Type specified () must be 'application/json'\n");
    EXPECT_EQ(start_with(json + "Content-Length: 17\r\n\r\n{\"HostConfig\":{}}", "1.23"), "204 ");
    EXPECT_EQ(start_with(json + "Content-Length: 12\r\n\r\n{\"Binds\":[]}", "1.23"), "204 ");
    EXPECT_THAT(start_with(json + "Content-Length: 8\r\n\r\nnot json", "1.23"), StartsWith("400 "));
    EXPECT_THAT(start_with(json + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "1.23"), StartsWith("400 "));
}

TEST_F(ContainersTest, Sf02_LegacyStartOfAPausedContainerUsesTheOldText) {
    core::ContainerRecord record = sample_record();
    record.state = core::RunState::kPaused;
    add(record);
    EXPECT_EQ(start_with("\r\n", "1.23"), "500 Cannot start a paused container, try unpause instead.\n");
}

TEST_F(ContainersTest, LegacyStartsUseTheOldTexts) {
    core::ContainerRecord record = sample_record();
    record.state = core::RunState::kDead;
    add(record);
    EXPECT_EQ(start_with("\r\n", "1.23"), "500 Container is marked for removal and cannot be started.\n");
    record.state = core::RunState::kExited;
    add(record);
    engine.failure = Error(ErrorCode::kExecNotFound, "exec: \"httpd\": executable file not found in $PATH");
    EXPECT_EQ(start_with("\r\n", "1.23"), "404 Container command 'httpd' not found or does not exist.\n");
    engine.failure = Error(ErrorCode::kExecDenied, "permission denied");
    EXPECT_EQ(start_with("\r\n", "1.23"), "500 Container command 'httpd' could not be invoked.\n");
    EXPECT_THAT(start_with("\r\n", "1.51"), StartsWith("400 "));
}

TEST_F(ContainersTest, FailedStartsExplainThemselves) {
    core::ContainerRecord record = sample_record();
    record.last_start->succeeded = false;
    record.last_start->error = {{"phase", "mount_root"}, {"operation", "fsmount"}};
    add(record);
    engine.failure = Error(ErrorCode::kSystem, "mount '/': fsmount: No space").with_os(SLW_OS_ERRNO, 28);
    const Reply reply = request("POST", "/containers/web/start");
    EXPECT_EQ(reply.status, 500);
    const auto fields = nlohmann::json::parse(reply.header("Slipway-Error"));
    EXPECT_EQ(fields["phase"], "mount_root");
    EXPECT_EQ(fields["operation"], "fsmount");
    EXPECT_EQ(fields["os"]["code"], 28);
    EXPECT_THAT(reply.header("Server-Timing"), StartsWith("verify;dur="));
}

TEST_F(ContainersTest, CheckpointsAreRefused) {
    Reply reply = request("POST", "/containers/web/start?checkpoint=x");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json()["message"], "checkpoint is only supported in experimental mode");
    core::ContainerRecord record = sample_record();
    record.state = core::RunState::kExited;
    add(record);
    reply = request("POST", "/containers/web/start?checkpoint-dir=/x");
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(reply.json()["message"], "custom checkpointdir is not supported");
}

// --- other actions ------------------------------------------------------------------------------------------------

TEST_F(ContainersTest, ActionsPassTheirParameters) {
    EXPECT_EQ(request("POST", "/containers/web/stop?t=5&signal=INT").status, 204);
    EXPECT_EQ(request("POST", "/containers/web/stop").status, 204);
    EXPECT_EQ(request("POST", "/containers/web/restart?t=-7").status, 204);
    EXPECT_EQ(request("POST", "/containers/web/kill").status, 204);
    EXPECT_EQ(request("POST", "/containers/web/kill?signal=SIGHUP").status, 204);
    EXPECT_EQ(request("POST", "/containers/web/rename?name=new").status, 204);
    EXPECT_EQ(request("POST", "/containers/web/resize?h=40&w=120").status, 200);
    EXPECT_EQ(request("DELETE", "/containers/web?force=1&v=1").status, 204);
    EXPECT_THAT(engine.calls,
                ElementsAre("stop web INT 5", "stop web - -", "restart web - -1", "kill web KILL", "kill web SIGHUP",
                            "rename web new", "resize web 40x120", "remove web force volumes"));
}

TEST_F(ContainersTest, BadParametersNeverReachTheEngine) {
    EXPECT_EQ(request("POST", "/containers/web/stop?t=soon").status, 400);
    EXPECT_EQ(request("POST", "/containers/web/stop?t=99999999999").status, 400);
    EXPECT_EQ(request("POST", "/containers/web/resize?h=40").status, 400);
    EXPECT_EQ(request("POST", "/containers/web/resize?h=40&w=70000").status, 400);
    EXPECT_EQ(get("/containers/json?limit=x").status, 400);
    EXPECT_EQ(get("/containers/json?filters=x").status, 400);
    EXPECT_TRUE(engine.calls.empty());
}

TEST_F(ContainersTest, StopOfAStoppedContainerIsNotModified) {
    engine.failure = Error(ErrorCode::kNotModified, "container is not running");
    const Reply reply = request("POST", "/containers/web/stop");
    EXPECT_EQ(reply.status, 304);
    EXPECT_EQ(reply.body, "");
}

// --- reads --------------------------------------------------------------------------------------------------------

TEST_F(ContainersTest, InspectHasEveryKeyOfTheReference) {
    const nlohmann::json reply = get("/v1.51/containers/web/json").json();
    for (const char* key : {"Id",           "Created",         "Path",           "Args",       "State",
                            "Image",        "ResolvConfPath",  "HostnamePath",   "HostsPath",  "LogPath",
                            "Name",         "RestartCount",    "Driver",         "Platform",   "MountLabel",
                            "ProcessLabel", "AppArmorProfile", "ExecIDs",        "HostConfig", "GraphDriver",
                            "Mounts",       "Config",          "NetworkSettings"}) {
        EXPECT_TRUE(reply.contains(key)) << key;
    }
    for (const char* key : {"Bridge", "SandboxID", "HairpinMode", "Ports", "SandboxKey", "SecondaryIPAddresses",
                            "EndpointID", "Gateway", "IPAddress", "IPPrefixLen", "MacAddress", "Networks"}) {
        EXPECT_TRUE(reply["NetworkSettings"].contains(key)) << key;
    }
    for (const char* key : {"Status", "Running", "Paused", "Restarting", "OOMKilled", "Dead", "Pid", "ExitCode",
                            "Error", "StartedAt", "FinishedAt"}) {
        EXPECT_TRUE(reply["State"].contains(key)) << key;
    }
    EXPECT_EQ(reply["Name"], "/web");
    EXPECT_EQ(reply["State"]["Status"], "running");
    EXPECT_EQ(reply["State"]["FinishedAt"].get<std::string>().substr(0, 19), "0001-01-01T00:00:00");
    EXPECT_FALSE(reply.contains("SizeRw"));
    EXPECT_EQ(get("/containers/web/json?size=1").json()["SizeRw"], 1000);
}

TEST_F(ContainersTest, InspectShowsPortsAndAddresses) {
    const nlohmann::json settings = get("/containers/web/json").json()["NetworkSettings"];
    EXPECT_EQ(settings["Ports"]["80/tcp"], nlohmann::json::parse(R"([{"HostIp":"0.0.0.0","HostPort":"8080"}])"));
    EXPECT_TRUE(settings["Ports"]["81/tcp"].is_null());
    EXPECT_EQ(settings["IPAddress"], "172.30.0.2");
    EXPECT_EQ(settings["Networks"]["bridge"]["IPPrefixLen"], 16);
}

TEST_F(ContainersTest, InspectTellsHowTheLastStartWent) {
    const nlohmann::json own = get("/containers/web/json").json()["State"]["Slipway"];
    EXPECT_EQ(own["Backend"], "linux");
    EXPECT_EQ(own["LastStart"]["TotalNs"], 3'000'000);
    EXPECT_EQ(own["LastStart"]["Phases"][1]["Name"], "mount_root");
}

TEST_F(ContainersTest, PausedAndRestartingContainersCountAsRunning) {
    core::ContainerRecord record = sample_record();
    for (const core::RunState state : {core::RunState::kPaused, core::RunState::kRestarting}) {
        record.state = state;
        const nlohmann::json shown = api::inspect_json(record, api::kNewest, {}, "linux")["State"];
        EXPECT_EQ(shown["Running"], true);
        EXPECT_EQ(shown["Paused"], state == core::RunState::kPaused);
        EXPECT_EQ(shown["Restarting"], state == core::RunState::kRestarting);
    }
}

TEST_F(ContainersTest, ListHasTheShapeOfPs) {
    const nlohmann::json reply = get("/containers/json?all=1&limit=3&filters={\"name\":[\"w\"]}").json();
    ASSERT_EQ(reply.size(), 1U);
    const nlohmann::json& row = reply[0];
    EXPECT_EQ(row["Names"], nlohmann::json::array({"/web"}));
    EXPECT_EQ(row["Command"], "httpd -f 'a b'");
    EXPECT_EQ(row["State"], "running");
    EXPECT_THAT(row["Status"].get<std::string>(), StartsWith("Up "));
    EXPECT_EQ(row["HostConfig"]["NetworkMode"], "bridge");
    EXPECT_EQ(row["Ports"][0],
              nlohmann::json::parse(R"({"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"})"));
    EXPECT_TRUE(engine.listed.all);
    EXPECT_EQ(engine.listed.limit, 3);
    EXPECT_EQ(engine.listed.filters, (core::Filters{{"name", {"w"}}}));
}

TEST(StatusTexts, FollowTheState) {
    core::ContainerRecord record;
    constexpr int64_t kMinute = 60'000'000'000;
    record.started_at = kMinute;
    record.finished_at = 6 * kMinute;
    record.exit_code = 3;
    const auto text = [&](core::RunState state) {
        record.state = state;
        return api::status_text(record, 11 * kMinute);
    };
    EXPECT_EQ(text(core::RunState::kCreated), "Created");
    EXPECT_EQ(text(core::RunState::kRunning), "Up 10 minutes");
    EXPECT_EQ(text(core::RunState::kPaused), "Up 10 minutes (Paused)");
    EXPECT_EQ(text(core::RunState::kRestarting), "Restarting (3) 5 minutes ago");
    EXPECT_EQ(text(core::RunState::kExited), "Exited (3) 5 minutes ago");
    EXPECT_EQ(text(core::RunState::kRemoving), "Removal In Progress");
    record.exit_code = static_cast<int32_t>(0xC000013A);  // of Windows: STATUS_CONTROL_C_EXIT
    EXPECT_EQ(text(core::RunState::kExited), "Exited (3221225786) 5 minutes ago");
}

TEST_F(ContainersTest, CodesOfWindowsHaveNoSign) {
    core::ContainerRecord record = sample_record();
    record.id = std::string(64, '9');
    record.name = "gone";
    record.state = core::RunState::kExited;
    record.exit_code = static_cast<int32_t>(0xC000013A);
    add(record);
    engine.wait_result = {record.exit_code, ""};

    EXPECT_EQ(get("/containers/gone/json").json()["State"]["ExitCode"], 3221225786);
    EXPECT_EQ(request("POST", "/containers/gone/wait").body, "{\"StatusCode\":3221225786}\n");
}

// --- streams ------------------------------------------------------------------------------------------------------

TEST_F(ContainersTest, WaitSendsItsHeadBeforeItsResult) {
    engine.wait_result = {42, ""};
    const Reply reply = request("POST", "/containers/web/wait?condition=next-exit");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Transfer-Encoding"), "chunked");
    EXPECT_EQ(reply.body, "{\"StatusCode\":42}\n");
    EXPECT_EQ(request("POST", "/containers/web/wait?condition=never").status, 400);
    EXPECT_EQ(request("POST", "/containers/nobody/wait").status, 404);
    EXPECT_EQ(request("POST", "/v1.29/containers/web/wait").header("Content-Length"), "18");
}

TEST_F(ContainersTest, WaitEndsWhenTheClientLeaves) {
    engine.wait_until_cancelled = true;
    {
        RawClient client(address());
        client.send("POST /containers/web/wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
        EXPECT_THAT(client.read_exactly(15), "HTTP/1.1 200 OK");
        EXPECT_EQ(engine.waits_running, 1);
    }
    for (int i = 0; i < 5000 && engine.waits_running > 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(engine.waits_running, 0);
}

TEST_F(ContainersTest, LogsAreFramedUnlessThereIsATerminal) {
    engine.log_lines = {{"stdout", 0, "one\n"}, {"stderr", 0, "two\n"}};
    Reply reply = get("/containers/web/logs?stdout=1&stderr=1&tail=5&since=10");
    EXPECT_EQ(reply.header("Content-Type"), "application/vnd.docker.multiplexed-stream");
    EXPECT_EQ(reply.body, std::string("\1\0\0\0\0\0\0\4one\n\2\0\0\0\0\0\0\4two\n", 24));
    EXPECT_EQ(engine.logged.tail, 5);
    EXPECT_EQ(engine.logged.since, 10'000'000'000);
    EXPECT_EQ(get("/v1.41/containers/web/logs?stdout=1").header("Content-Type"), "application/vnd.docker.raw-stream");

    core::ContainerRecord record = sample_record();
    record.config["Tty"] = true;
    add(record);
    reply = get("/containers/web/logs?stdout=1&tail=all");
    EXPECT_EQ(reply.header("Content-Type"), "application/vnd.docker.raw-stream");
    EXPECT_EQ(reply.body, "one\ntwo\n");
    EXPECT_EQ(engine.logged.tail, -1);
}

TEST_F(ContainersTest, LogDetailsStandBeforeTheLine) {
    engine.log_lines = {{"stdout", 1'700'000'000'000'000'001, "one\n", {{"tag", "a b"}, {"env", "x,y=\xc3\xbc~"}}},
                        {"stdout", 0, "two\n"}};
    EXPECT_EQ(get("/containers/web/logs?stdout=1&details=1").body, std::string("\1\0\0\0\0\0\0\x20", 8) +
                                                                       "env=x%2Cy%3D%C3%BC~,tag=a+b one\n" +
                                                                       std::string("\1\0\0\0\0\0\0\5", 8) + " two\n");
    EXPECT_TRUE(engine.logged.details);
    EXPECT_THAT(get("/containers/web/logs?stdout=1&details=1&timestamps=1").body,
                testing::HasSubstr("2023-11-14T22:13:20.000000001Z env="));
    get("/containers/web/logs?stdout=1");
    EXPECT_FALSE(engine.logged.details);
}

TEST_F(ContainersTest, LogsNeedAStream) {
    const Reply reply = get("/containers/web/logs");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json()["message"], "Bad parameters: you must choose at least one stream");
}

TEST_F(ContainersTest, LogTimestampsComeFirst) {
    engine.log_lines = {{"stdout", 1'700'000'000'000'000'001, "one\n"}};
    EXPECT_EQ(get("/containers/web/logs?stdout=1&timestamps=1").body.substr(8), "2023-11-14T22:13:20.000000001Z one\n");
}

TEST_F(ContainersTest, AttachHandsTheSocketOver) {
    RawClient client(address());
    client.send(
        "POST /v1.51/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: localhost\r\n"
        "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly");
    const Reply reply = client.read_reply(true);
    EXPECT_THAT(reply.head, StartsWith("HTTP/1.1 101 UPGRADED\r\n"));
    EXPECT_EQ(reply.header("Content-Type"), "application/vnd.docker.multiplexed-stream");
    EXPECT_EQ(reply.header("Upgrade"), "tcp");
    EXPECT_EQ(engine.attached.early_input, "early");
    EXPECT_TRUE(engine.attached.want_stdin);
    EXPECT_FALSE(engine.attached.want_stderr);
    EXPECT_TRUE(engine.attached.multiplexed);
    EXPECT_EQ(engine.attached.detach_keys, "");

    // The server let go of its copy; the other one still works in both directions.
    ASSERT_TRUE(engine.stream_copy->send("hello"));
    EXPECT_EQ(client.read_exactly(5), "hello");
    client.send("more");
    EXPECT_EQ(engine.stream_copy->receive(4), "more");
}

TEST_F(ContainersTest, AttachedStreamsSurviveTheServer) {
    RawClient client(address());
    client.send("POST /containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(client.read_reply(true).head, StartsWith("HTTP/1.1 200 OK\r\n"));
    std::optional<StreamCopy> copy = std::exchange(engine.stream_copy, std::nullopt);
    TearDown();
    EXPECT_TRUE(copy->send("still here"));
    EXPECT_EQ(client.read_exactly(10), "still here");
}

TEST_F(ContainersTest, TerminalsGetDetachKeys) {
    core::ContainerRecord record = sample_record();
    record.config["Tty"] = true;
    add(record);
    RawClient client(address());
    client.send(
        "POST /containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: localhost\r\n"
        "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    EXPECT_EQ(client.read_reply(true).header("Content-Type"), "application/vnd.docker.raw-stream");
    EXPECT_EQ(engine.attached.detach_keys, "\x10\x11");
    EXPECT_FALSE(engine.attached.multiplexed);
    EXPECT_EQ(request("POST", "/containers/web/attach?detachKeys=ctrl-1").status, 400);
}

TEST_F(ContainersTest, AttachErrorsAreOrdinaryReplies) {
    EXPECT_EQ(request("POST", "/containers/nobody/attach?stream=1").status, 404);
    core::ContainerRecord record = sample_record();
    record.state = core::RunState::kPaused;
    add(record);
    const Reply reply = request("POST", "/containers/web/attach?stream=1");
    EXPECT_EQ(reply.status, 409);
    EXPECT_THAT(reply.body, HasSubstr("is paused, unpause the container before attach"));
}

}  // namespace
}  // namespace slipway::test
