// The request of a start on a real daemon: SF-03 and SF-06 to SF-18, SF-43 to SF-49.
#include "http_json.hpp"

#include <sys/mount.h>

#include <filesystem>

namespace slipway::testing {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class StartRequest : public HttpClient {
protected:
    ApiReply start(const std::string& name, const std::string& prefix = "/v1.51",
                   const std::vector<std::string>& curl_arguments = {}) const {
        return request("POST", prefix + "/containers/" + name + "/start", "", curl_arguments);
    }
    static std::string message(const ApiReply& reply) { return reply.json().value("message", ""); }
    // Makes the stored configuration one that this machine would refuse, as if it had been made elsewhere.
    void edit_stored(const std::string& name, const std::string& from, const std::string& to) const {
        const std::string id = document(name)["Id"];
        daemon->stop_daemon();
        const std::string script = R"(
import sqlite3, sys, zlib
path, old, new, id = sys.argv[1:]
db = sqlite3.connect(path)
text, = db.execute('select document from containers where id=?', [id]).fetchone()
assert old in text, text
text = text.replace(old, new)
db.execute('update containers set document=?, checksum=? where id=?', [text, zlib.crc32(text.encode()), id])
db.commit()
)";
        const RunResult edited =
            run({"/usr/bin/python3", "-c", script, daemon->data_root() + "/slipway.db", from, to, id});
        EXPECT_EQ(edited.exit_code, 0) << edited.err;
        daemon->start_daemon();
    }
    void exits(const std::string& name, const std::vector<std::string>& command, const json& host_config, int code) {
        create(name, command, host_config);
        EXPECT_EQ(start(name).status, 204);
        EXPECT_TRUE(eventually([&] { return document(name)["State"]["Status"] == "exited"; }));
        EXPECT_EQ(document(name)["State"]["ExitCode"], code);
    }

    const std::string kBody =
        "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24";
};

TEST_F(StartRequest, Sf03_ARunningContainerIsNotModified) {
    create("c1", {"sleep", "600"});
    EXPECT_EQ(start("c1").status, 204);
    const json before = document("c1")["State"];
    const auto events = actions_of("c1");
    for (const char* prefix : {"/v1.51", "", "/v1.23"}) {
        const ApiReply reply = start("c1", prefix);
        EXPECT_EQ(reply.status, 304) << prefix;
        EXPECT_EQ(reply.body, "") << prefix;
    }
    EXPECT_EQ(document("c1")["State"]["Pid"], before["Pid"]);
    EXPECT_EQ(document("c1")["State"]["StartedAt"], before["StartedAt"]);
    EXPECT_EQ(actions_of("c1"), events);
}

TEST_F(StartRequest, Sf06_IdNameSlashNameAndPrefixResolve) {
    const std::string id = create("c1", {"sleep", "600"});
    // A name that is the beginning of the id of another.
    const std::string other = create(id.substr(0, 12), {"true"});
    for (const std::string& ref : {id, std::string("c1"), std::string("%2Fc1"), std::string("/c1"), id.substr(0, 20)}) {
        EXPECT_EQ(start(ref).status, 204) << ref;
        EXPECT_EQ(document("c1")["State"]["Running"], true) << ref;
        EXPECT_EQ(request("POST", "/containers/c1/kill").status, 204);
        EXPECT_TRUE(eventually([&] { return document("c1")["State"]["Running"] == false; }));
    }
    // The exact name beats a prefix, and the whole id beats everything.
    EXPECT_EQ(document(id.substr(0, 12))["Id"], other);
    EXPECT_EQ(document(id)["Id"], id);
    for (const char* prefix : {"/v1.51", "/v1.23"}) {
        const ApiReply reply = start("nobody", prefix);
        EXPECT_EQ(reply.status, 404);
        EXPECT_THAT(reply.body, HasSubstr("No such container: nobody"));
    }
}

TEST_F(StartRequest, Sf07_AnAmbiguousPrefixIs400) {
    std::map<char, int> first;
    for (int i = 0; i < 17; ++i) ++first[create("c1" + std::to_string(i), {"true"})[0]];
    for (const auto& [digit, count] : first) {
        if (count < 2) continue;
        const ApiReply reply = start(std::string(1, digit));
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(message(reply), std::string("multiple IDs found with provided prefix: ") + digit);
    }
}

TEST_F(StartRequest, Sf08_Sf09_ADeadContainerCannotBeStarted) {
    create("c1", {"true"});
    // What is busy cannot be removed.
    const std::string busy =
        daemon->data_root() + "/backends/linux/containers/" + std::string(document("c1")["Id"]) + "/upper";
    ASSERT_TRUE(fs::is_directory(busy));
    ASSERT_EQ(::mount("slwtest", busy.c_str(), "tmpfs", 0, "size=1m"), 0);
    EXPECT_EQ(request("DELETE", "/containers/c1").status, 500);
    EXPECT_EQ(document("c1")["State"]["Status"], "dead");
    const json before = document("c1");
    const auto events = actions_of("c1");
    ApiReply reply = start("c1");
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(message(reply), "container is marked for removal and cannot be started");
    reply = start("c1", "/v1.23");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "Container is marked for removal and cannot be started.\n");
    EXPECT_EQ(document("c1"), before);
    EXPECT_EQ(actions_of("c1"), events);
    ::umount2(busy.c_str(), MNT_DETACH);
    EXPECT_EQ(request("DELETE", "/containers/c1").status, 204);
}

TEST_F(StartRequest, Sf10_Sf11_Sf12_Sf13_BodiesOfTheModernProfile) {
    create("c1", {"sleep", "600"});
    const std::vector<std::string> eight = {"--data-binary", "12345678"};
    ApiReply reply = start("nobody", "/v1.51", eight);
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(message(reply), kBody);
    EXPECT_EQ(message(start("c1", "",
                            {"-H", "Content-Type: application/json", "--data-binary", R"({"Binds":["/tmp:/foo"]})"})),
              kBody);
    EXPECT_EQ(message(start("c1", "/v1.24", {"-H", "Transfer-Encoding: chunked", "--data-binary", "{}"})), kBody);
    EXPECT_EQ(document("c1")["State"]["Status"], "created");
    EXPECT_EQ(start("c1", "/v1.51", {"-H", "Content-Type: text/plain", "--data-binary", "{}"}).status, 204);
}

TEST_F(StartRequest, Sf14_Sf15_VersionsAndErrorBodies) {
    ApiReply reply = start("nobody", "/v1.52");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(message(reply), "client version 1.52 is too new. Maximum supported API version is 1.51");
    reply = start("nobody", "/v1.21");
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr("client version 1.21 is too old. Minimum supported API version is 1.22, please "
                                      "upgrade your client to a newer version"));
    EXPECT_EQ(start("nobody").body, "{\"message\":\"No such container: nobody\"}\n");
    EXPECT_EQ(start("nobody", "/v1.22").body, "No such container: nobody\n");
}

TEST_F(StartRequest, Sf16_AStoredConfigurationThatIsNotValidAnyMore) {
    create("c1", {"true"}, {{"Memory", 67108864}});
    edit_stored("c1", "\"Memory\":67108864", "\"Memory\":5242880");
    const json before = document("c1")["State"];
    const auto events = actions_of("c1");
    ApiReply reply = start("c1");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(message(reply), "Minimum memory limit allowed is 6MB");
    reply = start("c1", "/v1.23");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "Minimum memory limit allowed is 6MB\n");
    const json after = document("c1")["State"];
    for (const char* key : {"Status", "Error", "ExitCode", "StartedAt", "FinishedAt"}) {
        EXPECT_EQ(after[key], before[key]) << key;
    }
    EXPECT_EQ(actions_of("c1"), events);
}

TEST_F(StartRequest, Sf17_WarningsComeWithCreateAndNeverWithStart) {
    const ApiReply made = request("POST", "/containers/create?name=c1",
                                  R"({"Image":"box","Cmd":["true"],"HostConfig":{"CpuPercent":20}})");
    EXPECT_EQ(made.status, 201) << made.body;
    EXPECT_THAT(made.body, HasSubstr("linux does not support CPU percent. Percent discarded."));
    edit_stored("c1", "\"CpuPercent\":0", "\"CpuPercent\":20");
    const ApiReply reply = start("c1");
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(reply.body, "");
    EXPECT_THAT(daemon->log(), HasSubstr("start c1: linux does not support CPU percent. Percent discarded."));
}

TEST_F(StartRequest, Sf18_Checkpoints) {
    create("c1", {"true"});
    ApiReply reply = request("POST", "/containers/c1/start?checkpoint=one");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(message(reply), "checkpoint is only supported in experimental mode");
    reply = request("POST", "/containers/c1/start?checkpoint-dir=/x");
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(message(reply), "custom checkpointdir is not supported");
    EXPECT_EQ(document("c1")["State"]["Status"], "created");
}

TEST_F(StartRequest, Sf43_AMissingExecutableIs127) {
    create("c1", {"nosuchcommand"});
    const ApiReply reply = start("c1");
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(message(reply), HasSubstr("executable file not found"));
    EXPECT_EQ(document("c1")["State"]["ExitCode"], 127);
}

TEST_F(StartRequest, Sf45_WhatCannotBeExecutedIs126) {
    for (const std::string command : {"/etc", "/etc/passwd"}) {
        const std::string name = command == "/etc" ? "directory" : "file";
        create(name, {command});
        const ApiReply reply = start(name);
        EXPECT_EQ(reply.status, 400) << command;
        EXPECT_THAT(message(reply), HasSubstr("permission denied"));
        EXPECT_EQ(document(name)["State"]["ExitCode"], 126);
    }
}

TEST_F(StartRequest, Sf46_AFileBoundOntoADirectoryIs127WithTheHint) {
    write_file(daemon->root() + "/file", "x");
    create("c1", {"true"}, {{"Binds", {daemon->root() + "/file:/etc"}}});
    for (const char* prefix : {"/v1.51", "/v1.23"}) {
        EXPECT_THAT(start("c1", prefix).body,
                    HasSubstr("Are you trying to mount a directory onto a file (or vice-versa)?"));
        EXPECT_EQ(document("c1")["State"]["ExitCode"], 127);
    }
}

TEST_F(StartRequest, Sf48_AMountFailureIs128AndKeepsAnEarlierCode) {
    const std::string source = daemon->root() + "/source";
    fs::create_directory(source);
    const json mounts = {
        {"Mounts", {{{"Type", "bind"}, {"Source", daemon->platform().path(source)}, {"Target", "/x"}}}}};
    create("never", {"true"}, mounts);
    exits("zero", {"true"}, mounts, 0);
    exits("three", {"sh", "-c", "exit 3"}, mounts, 3);
    fs::remove(source);
    for (const auto& [name, code] : std::map<std::string, int>{{"never", 128}, {"zero", 128}, {"three", 3}}) {
        const ApiReply reply = start(name);
        EXPECT_EQ(reply.status, 500) << name;
        EXPECT_EQ(document(name)["State"]["ExitCode"], code) << name;
        EXPECT_EQ(document(name)["State"]["Error"], message(reply)) << name;
    }
}

TEST_F(StartRequest, Sf49_125IsNeverStored) {
    // The client makes 125 of it; the daemon keeps what it knows itself.
    create("c1", {"true"}, {{"PortBindings", {{"80/tcp", {{{"HostPort", "1"}, {"HostIp", "203.0.113.7"}}}}}}});
    const ApiReply reply = start("c1");
    EXPECT_EQ(reply.status, 500) << reply.body;
    EXPECT_EQ(document("c1")["State"]["ExitCode"], 128);
    create("exits125", {"sh", "-c", "exit 125"});
    EXPECT_EQ(start("exits125").status, 204);
}

}  // namespace
}  // namespace slipway::testing
