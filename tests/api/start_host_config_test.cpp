// Start-time host configuration on a real daemon: what API 1.22 and 1.23 clients may send with a start, by raw HTTP and
// by a client library of that time's protocol.
#include "http_json.hpp"

#include <filesystem>

namespace slipway::testing {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class LegacyStart : public HttpClient {
protected:
    ApiReply start(const std::string& name, const std::string& body = "", const std::string& version = "1.23",
                   const std::vector<std::string>& curl_arguments = {}) const {
        return request("POST", "/v" + version + "/containers/" + name + "/start", body, curl_arguments);
    }
    std::string create_sleeper(const std::string& name, const json& host_config = json::object(),
                               const json& more = json::object()) const {
        return create(name, {"sleep", "600"}, host_config, more);
    }
    void kill(const std::string& name) const {
        EXPECT_EQ(request("POST", "/containers/" + name + "/kill").status, 204);
        EXPECT_TRUE(eventually([&] { return document(name)["State"]["Running"] == false; }));
    }
    // What inspect shows of the configuration and the last run; how the last start went is ours alone.
    json shown(const std::string& name) const {
        json all = document(name);
        all["State"].erase("Slipway");
        return all;
    }
};

TEST_F(LegacyStart, Sf19_AFlatChunkedBodyBindsExactlyThat) {
    create_sleeper("c1");
    const ApiReply reply = start("c1", R"({"Binds":["/tmp:/foo"]})", "1.23", {"-H", "Transfer-Encoding: chunked"});
    EXPECT_EQ(reply.status, 204) << reply.body;
    const json inspect = document("c1");
    EXPECT_EQ(inspect["HostConfig"]["Binds"], json::array({"/tmp:/foo"}));
    ASSERT_EQ(inspect["Mounts"].size(), 1u);
    EXPECT_EQ(inspect["Mounts"][0]["Source"], "/tmp");
    EXPECT_EQ(inspect["Mounts"][0]["Destination"], "/foo");
    kill("c1");

    // The container really has it.
    write_file(daemon->root() + "/note", "from outside");
    create("reader", {"cat", "/foo/note"});
    EXPECT_EQ(start("reader", R"({"Binds":[")" + daemon->root() + R"(:/foo"]})").status, 204);
    EXPECT_TRUE(eventually([&] { return docker_ok({"logs", "reader"}) == "from outside"; }));
}

TEST_F(LegacyStart, Sf20_NestedAndFlatBodiesGiveEqualRecords) {
    const std::string content = R"("Binds":["/tmp:/foo:ro"],"Memory":67108864,"Dns":["9.9.9.9"],"CapDrop":["ALL"])";
    create_sleeper("flat");
    create_sleeper("nested");
    EXPECT_EQ(start("flat", "{" + content + "}").status, 204);
    EXPECT_EQ(start("nested", "{\"HostConfig\":{" + content + "}}", "1.22").status, 204);
    EXPECT_EQ(document("flat")["HostConfig"], document("nested")["HostConfig"]);
    EXPECT_EQ(document("flat")["Mounts"], document("nested")["Mounts"]);
    EXPECT_EQ(document("flat")["HostConfig"]["Memory"], 67108864);
}

TEST_F(LegacyStart, Sf21_ANullHostConfigChangesNothing) {
    create_sleeper("c1", {{"Memory", 67108864}, {"Binds", {"/tmp:/foo"}}});
    const json before = document("c1");
    EXPECT_EQ(start("c1", R"({"HostConfig":null})").status, 204);
    EXPECT_EQ(document("c1")["HostConfig"], before["HostConfig"]);
    EXPECT_EQ(document("c1")["Mounts"], before["Mounts"]);
}

TEST_F(LegacyStart, Sf22_AnEmptyHostConfigResetsToDefaultsAndKeepsMountPoints) {
    create_sleeper("plain");
    create_sleeper("c1", {{"Memory", 67108864}, {"NetworkMode", "host"}, {"Binds", {"/tmp:/foo"}}});
    const json mounts = document("c1")["Mounts"];
    EXPECT_EQ(start("c1", R"({"HostConfig":{}})").status, 204);
    EXPECT_EQ(document("c1")["HostConfig"], document("plain")["HostConfig"]);
    EXPECT_EQ(document("c1")["HostConfig"]["NetworkMode"], "default");
    EXPECT_EQ(document("c1")["Mounts"], mounts);
    EXPECT_THAT(read_file("/proc/" + document("c1")["State"]["Pid"].dump() + "/mountinfo"), HasSubstr(" /foo "));
}

TEST_F(LegacyStart, Sf23_DnsListsAreEmptyArrays) {
    create_sleeper("c1", {{"Dns", {"9.9.9.9"}}});
    EXPECT_EQ(start("c1", R"({"HostConfig":{"Dns":null}})").status, 204);
    for (const char* key : {"Dns", "DnsSearch", "DnsOptions"}) {
        EXPECT_EQ(document("c1")["HostConfig"][key], json::array()) << key;
    }
}

TEST_F(LegacyStart, Sf24_TwoBindsOnOneDestinationChangeNothing) {
    create_sleeper("c1", {{"Binds", {"/etc:/data"}}});
    const json before = shown("c1");
    const ApiReply reply = start("c1", R"({"Binds":["/tmp:/foo","/usr:/foo"]})");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "Duplicate mount point '/foo'\n");
    EXPECT_EQ(shown("c1"), before);
    daemon->stop_daemon();
    daemon->start_daemon();
    EXPECT_EQ(shown("c1"), before) << "the stored record has changed";
    EXPECT_EQ(start("c1").status, 204);
}

TEST_F(LegacyStart, Sf25_TooLittleMemoryIsRefusedAndTheOldConfigurationStarts) {
    create_sleeper("c1", {{"Memory", 67108864}});
    const ApiReply reply = start("c1", R"({"Memory":524287})");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "Minimum memory limit allowed is 6MB\n");
    EXPECT_EQ(start("c1").status, 204);
    EXPECT_EQ(document("c1")["HostConfig"]["Memory"], 67108864);
}

TEST_F(LegacyStart, Sf26_AnotherNetworkModeDropsTheOldEntries) {
    create_sleeper("c1", {{"NetworkMode", "bridge"}},
                   {{"NetworkingConfig", {{"EndpointsConfig", {{"bridge", {{"Aliases", {"db"}}}}}}}}});
    EXPECT_EQ(start("c1", R"({"NetworkMode":"bridge"})").status, 204);
    EXPECT_EQ(document("c1")["NetworkSettings"]["Networks"]["bridge"]["Aliases"], json::array({"db"}));
    kill("c1");
    EXPECT_EQ(start("c1", R"({"NetworkMode":"none"})").status, 204);
    const json networks = document("c1")["NetworkSettings"]["Networks"];
    EXPECT_EQ(networks.size(), 1u);
    EXPECT_TRUE(networks.contains("none")) << networks;
    kill("c1");
    EXPECT_EQ(start("c1", R"({"NetworkMode":"bridge"})").status, 204);
    EXPECT_NE(document("c1")["NetworkSettings"]["Networks"]["bridge"]["Aliases"], json::array({"db"}));
}

TEST_F(LegacyStart, Sf27_ABodyWithoutJsonContentTypeIsRefused) {
    create_sleeper("c1");
    const auto with_type = [&](const std::string& header) {
        const ApiReply reply =
            request("POST", "/v1.23/containers/c1/start", "", {"-H", header, "--data-binary", R"({"HostConfig":{}})"});
        return std::to_string(reply.status) + " " + reply.body;
    };
    EXPECT_EQ(with_type("Content-Type: text/plain"),
              "400 Content-Type specified (text/plain) must be 'application/json'\n");
    EXPECT_EQ(with_type("Content-Type:"), "400 Content-Type specified () must be 'application/json'\n");
    EXPECT_EQ(document("c1")["State"]["Status"], "created");
}

TEST_F(LegacyStart, Sf29_TheContainersOwnInspectedConfigurationIsAccepted) {
    create_sleeper("c1", {{"Binds", {"/tmp:/foo:ro"}},
                          {"Memory", 67108864},
                          {"PortBindings", {{"80/tcp", {{{"HostPort", std::to_string(free_port())}}}}}},
                          {"SecurityOpt", {"no-new-privileges"}}});
    for (const char* version : {"1.22", "1.23"}) {
        const json own = request("GET", std::string("/v") + version + "/containers/c1/json").json()["HostConfig"];
        const json before = document("c1");
        EXPECT_EQ(start("c1", json({{"HostConfig", own}}).dump(), version).status, 204);
        EXPECT_EQ(document("c1")["HostConfig"], before["HostConfig"]);
        EXPECT_EQ(document("c1")["Mounts"], before["Mounts"]);
        kill("c1");
    }
}

TEST_F(LegacyStart, Sf44_Sf45_LaunchFailuresHaveTheOldSentences) {
    create("missing", {"nosuchcommand"});
    ApiReply reply = start("missing");
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.body, "Container command 'nosuchcommand' not found or does not exist.\n");
    EXPECT_EQ(document("missing")["State"]["ExitCode"], 127);
    create("denied", {"/etc"});
    reply = start("denied");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "Container command '/etc' could not be invoked.\n");
    EXPECT_EQ(document("denied")["State"]["ExitCode"], 126);
}

TEST_F(LegacyStart, DeprecatedStartsAreToldOfInTheLog) {
    create_sleeper("old");
    EXPECT_EQ(start("old", R"({"Binds":[]})").status, 204);
    EXPECT_THAT(daemon->log(), HasSubstr("start old: DEPRECATED"));
}

TEST_F(LegacyStart, SecurityOptionsHaveTheOldTexts) {
    create_sleeper("c1");
    ApiReply reply = start("c1", R"({"SecurityOpt":["apparmor"]})");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "Invalid --security-opt 1: \"apparmor\"\n");
    reply = start("c1", R"({"SecurityOpt":["magic:on"]})");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "Invalid --security-opt 2: \"magic:on\"\n");
}

// A library that speaks 1.23 and passes the body on, as scripts of that time did. The package is python3-docker;
// without it this test fails, since it is one of the ways in that must work.
TEST_F(LegacyStart, Sf19_Sf29_AnOldClientLibraryCanDriveIt) {
    const std::string script = R"(
import sys, docker
client = docker.APIClient(base_url=sys.argv[1], version='1.23')
made = client.create_container('box', ['sleep', '600'], name='py', host_config=client.create_host_config(mem_limit='64m'))
host_config = client.create_host_config(binds=['/tmp:/foo'], dns=['9.9.9.9'], mem_limit='32m')
url = client._url('/containers/{0}/start', made['Id'])
client._raise_for_status(client._post_json(url, data=host_config))          # the flat form
shown = client.inspect_container('py')
assert shown['State']['Running'], shown['State']
assert shown['HostConfig']['Binds'] == ['/tmp:/foo'], shown['HostConfig']
assert shown['HostConfig']['Dns'] == ['9.9.9.9'], shown['HostConfig']
assert shown['HostConfig']['Memory'] == 32 << 20, shown['HostConfig']
client.kill('py'); client.wait('py')
own = client.inspect_container('py')['HostConfig']
client._raise_for_status(client._post_json(url, data={'HostConfig': own}))  # its own, nested
assert client.inspect_container('py')['HostConfig'] == own
client.kill('py'); client.wait('py')
try:
    client._raise_for_status(client._post_json(url, data={'Memory': 524287}))
    sys.exit('too little memory was accepted')
except docker.errors.APIError as error:
    assert error.response.status_code == 500, error
    assert error.response.text == 'Minimum memory limit allowed is 6MB\n', error.response.text
high = docker.DockerClient(base_url=sys.argv[1], version='1.23')
high.containers.get('py').start()
print('driven by', docker.__version__)
)";
    write_file(daemon->root() + "/drive.py", script);
    const RunResult result = run({"/usr/bin/python3", daemon->root() + "/drive.py", daemon->host()});
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    EXPECT_THAT(result.out, HasSubstr("driven by"));
}

}  // namespace
}  // namespace slipway::testing
