// Statements of the start flow about success, exit codes and events, with real processes over HTTP.
#include "client.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class StartStatements : public DockerClient {
protected:
    std::vector<json> events() const {
        std::vector<json> list;
        std::istringstream lines(events_so_far({"--format", "{{json .}}"}));
        for (std::string line; std::getline(lines, line);) list.push_back(json::parse(line));
        return list;
    }
    // "type action" of those about `container`, oldest first.
    std::vector<std::string> actions(const std::string& container) const {
        const std::string id = inspect(container, "{{.Id}}");
        std::vector<std::string> out;
        for (const json& event : events()) {
            const json& actor = event["Actor"];
            const bool is_its = actor["ID"] == id || actor["Attributes"].value("container", "") == id;
            if (is_its) out.push_back(event["Type"].get<std::string>() + " " + event["Action"].get<std::string>());
        }
        return out;
    }
};

TEST_F(StartStatements, Sf30_TheReplyFindsTheRecordRunning) {
    docker_ok({"create", "--name", "one", "box", "sleep", "600"});
    const std::string before = docker_ok({"run", "--rm", "box", "date", "-u", "+%Y-%m-%dT%H:%M:%S"});
    ASSERT_THAT(daemon->http("POST", "/v1.51/containers/one/start").out, HasSubstr("204"));
    daemon->kill_daemon();  // the stored record is what a new daemon reads
    daemon->start_daemon();
    const json state = json::parse(inspect("one", "{{json .State}}"));
    EXPECT_EQ(state["Status"], "running");
    EXPECT_EQ(state["Error"], "");
    EXPECT_EQ(state["ExitCode"], 0);
    EXPECT_GT(state["Pid"].get<int>(), 0);
    EXPECT_GT(state["StartedAt"].get<std::string>(), before);
}

TEST_F(StartStatements, Sf35_APortInUseLeavesItCreatedUntilThePortIsFree) {
    const std::string port = std::to_string(free_port());
    docker_ok({"run", "-d", "--name", "owner", "-p", port + ":80", "box", "sleep", "600"});
    docker_ok({"create", "--name", "one", "-p", port + ":80", "box", "sleep", "600"});
    const std::string reply = daemon->http("POST", "/v1.51/containers/one/start").out;
    EXPECT_THAT(reply, HasSubstr("port is already allocated"));
    EXPECT_THAT(reply, HasSubstr("\n500"));
    EXPECT_EQ(inspect("one", "{{.State.Status}} {{.State.ExitCode}}"), "created 128");
    docker_ok({"rm", "-f", "owner"});
    docker_ok({"start", "one"});
    EXPECT_EQ(inspect("one", "{{.State.Status}} {{.State.Error}}"), "running");
}

TEST_F(StartStatements, Sf46_AFileBoundOntoADirectoryIs127WithTheHint) {
    const std::string file = daemon->root() + "/file";
    write_file(file, "text\n");
    docker_ok({"create", "--name", "one", "-v", file + ":/etc", "box", "true"});
    EXPECT_THAT(docker({"start", "one"}).err,
                HasSubstr("Are you trying to mount a directory onto a file (or vice-versa)?"));
    EXPECT_EQ(inspect("one", "{{.State.ExitCode}}"), "127");
}

TEST_F(StartStatements, Sf47_PermissionDeniedWinsOverNotFound) {
    // A script that may not be executed and whose interpreter is not there either.
    docker_ok({"create", "--name", "one", "-v", daemon->root() + ":/host", "box", "/host/script"});
    write_file(daemon->root() + "/script", "#!/no/such/interpreter\n");
    const RunResult started = docker({"start", "one"});
    EXPECT_THAT(started.err, HasSubstr("permission denied"));
    EXPECT_EQ(inspect("one", "{{.State.ExitCode}}"), "126");
}

TEST_F(StartStatements, Sf48_Sf49_ANonZeroCodeOfAnEarlierRunIsKept) {
    const std::string source = daemon->root() + "/source";
    const auto make = [&](const std::string& name, const std::string& command) {
        docker_ok(
            {"create", "--name", name, "--mount", "type=bind,src=" + source + ",dst=/x", "box", "sh", "-c", command});
    };
    write_file(source, "");
    make("three", "exit 3");
    make("zero", "exit 0");
    make("never", "exit 0");
    docker({"start", "-a", "three"});
    docker({"start", "-a", "zero"});
    ASSERT_EQ(unlink(source.c_str()), 0);
    for (const char* name : {"three", "zero", "never"}) EXPECT_NE(docker({"start", name}).exit_code, 0);
    EXPECT_EQ(inspect("three", "{{.State.ExitCode}}"), "3");
    EXPECT_EQ(inspect("zero", "{{.State.ExitCode}}"), "128");
    EXPECT_EQ(inspect("never", "{{.State.ExitCode}}"), "128");
}

TEST_F(StartStatements, Sf50_Sf52_Sf53_EventsOfARunThatEndsAtOnce) {
    docker({"run", "--name", "one", "--label", "who=me", "box", "sh", "-c", "exit 5"});
    EXPECT_THAT(actions("one"), ::testing::ElementsAre("container create", "network connect", "container start",
                                                       "network disconnect", "container die"));
    for (const json& event : events()) {
        if (event["Action"] != "die") continue;
        const json& attributes = event["Actor"]["Attributes"];
        EXPECT_EQ(attributes["exitCode"], "5");
        EXPECT_EQ(attributes["execDuration"], "0");
        EXPECT_EQ(attributes["who"], "me");
        EXPECT_EQ(attributes["image"], "box");
        EXPECT_EQ(attributes["name"], "one");
    }
}

TEST_F(StartStatements, Sf52_StopComesAfterDie) {
    docker_ok({"run", "-d", "--name", "one", "box", "sleep", "600"});
    docker_ok({"stop", "-t", "0", "one"});
    const std::vector<std::string> list = actions("one");
    const auto at = [&](const std::string& action) {
        return std::find(list.begin(), list.end(), action) - list.begin();
    };
    EXPECT_LT(at("container start"), at("container die"));
    EXPECT_LT(at("container die"), at("container stop"));
    EXPECT_LT(at("container stop"), static_cast<std::ptrdiff_t>(list.size()));
}

TEST_F(StartStatements, Sf54_AMemoryKillIsToldAndForgottenAtTheNextStart) {
    docker({"run", "--name", "one", "-m", "16m", "--memory-swap", "16m", "box", "sh", "-c",
            "[ -e /tmp/again ] && exec sleep 600; touch /tmp/again; x=a; while :; do x=$x$x; done"});
    EXPECT_EQ(inspect("one", "{{.State.OOMKilled}} {{.State.ExitCode}}"), "true 137");
    const std::vector<std::string> list = actions("one");
    const auto oom = std::find(list.begin(), list.end(), "container oom");
    ASSERT_NE(oom, list.end());
    EXPECT_NE(std::find(oom, list.end(), "container die"), list.end()) << "oom comes before die";
    docker_ok({"start", "one"});
    EXPECT_EQ(inspect("one", "{{.State.OOMKilled}}"), "false");
}

}  // namespace
}  // namespace slipway::testing
