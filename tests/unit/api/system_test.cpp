// Facts, events, images and networks over HTTP.
#include "support/api_fixture.hpp"

namespace slipway::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

using SystemTest = ApiTest;

core::ImagePtr sample_image() {
    core::ImageRecord image;
    image.id = "sha256:" + std::string(64, '1');
    image.tags = {"busybox:latest"};
    image.diff_ids = {"sha256:" + std::string(64, '2')};
    image.document = {{"architecture", "amd64"}, {"os", "linux"}, {"config", {{"Cmd", {"sh", "-c", "x"}}}}};
    image.size_bytes = 5000;
    image.created = 1'700'000'000'000'000'000;
    return std::make_shared<const core::ImageRecord>(std::move(image));
}

TEST_F(SystemTest, VersionNamesTheEngine) {
    const nlohmann::json reply = get("/version").json();
    EXPECT_EQ(reply["ApiVersion"], "1.51");
    EXPECT_EQ(reply["MinAPIVersion"], "1.22");
    EXPECT_EQ(reply["Version"], "0.0-test");
    EXPECT_EQ(reply["Components"][0]["Name"], "Engine");
}

TEST_F(SystemTest, InfoIsHonest) {
    add(sample_record());
    core::BackendStatus backend;
    backend.info.name = "linux";
    backend.is_default = true;
    engine.backend_list.push_back(backend);
    engine.problem_list.push_back({"/x/libbroken.so", "no entry"});
    const nlohmann::json reply = get("/info").json();
    EXPECT_EQ(reply["Containers"], 1);
    EXPECT_EQ(reply["ContainersRunning"], 1);
    EXPECT_TRUE(reply["Runtimes"].contains("linux"));
    EXPECT_EQ(reply["Swarm"]["LocalNodeState"], "inactive");
    const auto warnings = reply["Warnings"].get<std::vector<std::string>>();
    EXPECT_THAT(warnings, Contains(HasSubstr("backend '/x/libbroken.so' is not used: no entry")));
    EXPECT_THAT(warnings, Contains(HasSubstr("not in this version of Slipway: pull")));
    EXPECT_EQ(get("/slipway/backends").json()["Problems"][0]["Path"], "/x/libbroken.so");
}

TEST_F(SystemTest, EventsAreJsonLines) {
    core::Event event;
    event.sequence = 7;
    event.when = 1'700'000'000'000'000'001;
    event.type = "container";
    event.action = "start";
    event.actor_id = "abc";
    event.attributes = {{"image", "busybox"}, {"name", "web"}};
    engine.event_list.push_back({event, 0});
    engine.event_list.push_back({std::nullopt, 3});
    const Reply reply = get("/events?since=seq:6&filters={\"type\":[\"container\"]}");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(engine.since_sequence, 6U);
    const size_t newline = reply.body.find('\n');
    const auto first = nlohmann::json::parse(reply.body.substr(0, newline));
    EXPECT_EQ(first["status"], "start");
    EXPECT_EQ(first["from"], "busybox");
    EXPECT_EQ(first["Actor"]["Attributes"]["name"], "web");
    EXPECT_EQ(first["timeNano"], 1'700'000'000'000'000'001);
    EXPECT_EQ(first["sequence"], 7);
    const auto second = nlohmann::json::parse(reply.body.substr(newline + 1));
    EXPECT_EQ(second["Action"], "missed");
}

TEST_F(SystemTest, EventRangesAreChecked) {
    EXPECT_EQ(get("/events?since=seq:x").status, 400);
    EXPECT_EQ(get("/events?since=yesterday").status, 400);
    EXPECT_EQ(get("/events?since=20&until=10").status, 400);
    EXPECT_EQ(get("/events?filters={\"colour\":[\"red\"]}").status, 400);
}

TEST_F(SystemTest, ImagesAreListedAndInspected) {
    engine.images["busybox"] = sample_image();
    const nlohmann::json row = get("/images/json").json()[0];
    EXPECT_EQ(row["RepoTags"], nlohmann::json::array({"busybox:latest"}));
    EXPECT_EQ(row["Created"], 1'700'000'000);
    EXPECT_FALSE(row.contains("VirtualSize"));
    EXPECT_EQ(get("/v1.43/images/json").json()[0]["VirtualSize"], 5000);
    const nlohmann::json image = get("/images/busybox/json").json();
    EXPECT_EQ(image["Config"]["Cmd"][0], "sh");
    EXPECT_EQ(image["RootFS"]["Layers"].size(), 1U);
    EXPECT_EQ(image["Os"], "linux");
    EXPECT_EQ(get("/images/a/b/json").json()["message"], "No such image: a/b");
}

TEST_F(SystemTest, LoadStreamsTheArchive) {
    const std::string archive(3'000'000, 'x');
    const Reply reply = request("POST", "/images/load?quiet=0", archive, "Content-Type: application/x-tar\r\n");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(engine.received.size(), archive.size());
    EXPECT_EQ(reply.body, "{\"status\":\"Loading layer\"}\r\n{\"stream\":\"Loaded image: busybox:latest\\n\"}\r\n");
}

TEST_F(SystemTest, LoadFailuresKeepAStatusWhileTheyCan) {
    engine.failure = Error(ErrorCode::kInvalidArgument, "not an archive");
    Reply reply = request("POST", "/images/load?quiet=1", "x");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.json()["message"], "not an archive");
    reply = request("POST", "/images/load?quiet=0", "x");
    EXPECT_EQ(reply.status, 200);  // progress was on its way already
    EXPECT_THAT(reply.body, HasSubstr("\"errorDetail\":{\"message\":\"not an archive\"}"));
}

TEST_F(SystemTest, CutOffUploadsFail) {
    RawClient client(address());
    client.send("POST /images/load HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nshort");
    client.half_close();
    EXPECT_EQ(client.read_reply().status, 400);
}

TEST_F(SystemTest, ImportTakesChunkedBodies) {
    RawClient client(address());
    client.send(
        "POST /images/create?fromSrc=-&repo=mine&tag=v1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
        "chunked\r\n\r\n"
        "4\r\nabcd\r\n2;ext=1\r\nef\r\n0\r\nTrailer: x\r\n\r\n");
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(engine.received, "abcdef");
    EXPECT_THAT(engine.calls, ElementsAre("import mine v1"));
    EXPECT_THAT(reply.body, HasSubstr("{\"status\":\"sha256:bbbb"));
    EXPECT_EQ(request("POST", "/images/create?fromSrc=http://x/y.tar").status, 501);
    EXPECT_EQ(request("POST", "/images/create").status, 400);
}

TEST_F(SystemTest, ImagesAreTaggedAndRemoved) {
    EXPECT_EQ(request("POST", "/images/a/b/tag?repo=c&tag=d").status, 201);
    EXPECT_EQ(request("DELETE", "/images/a/b?force=1").json(),
              nlohmann::json::parse(R"([{"Untagged":"a/b"},{"Deleted":"sha256:1"}])"));
    EXPECT_THAT(engine.calls, ElementsAre("tag a/b c d", "rmi a/b force"));
}

TEST_F(SystemTest, NetworksShowTheirContainers) {
    core::NetworkRecord network;
    network.id = std::string(64, 'e');
    network.name = "bridge";
    network.driver = "bridge";
    engine.networks.push_back(network);
    add(sample_record());
    EXPECT_EQ(get("/networks").json().size(), 1U);
    EXPECT_EQ(get("/networks?filters={\"driver\":[\"host\"]}").json().size(), 0U);
    const nlohmann::json one = get("/networks/bridge").json();
    EXPECT_EQ(one["Containers"][std::string(64, 'c')]["IPv4Address"], "172.30.0.2/16");
    EXPECT_EQ(get("/networks/nobody").status, 404);
}

}  // namespace
}  // namespace slipway::test
