// Nonsense in, a clear answer out, and nothing lost.
#include "client.hpp"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using ::testing::EndsWith;

class BadInput : public DockerClient {};

TEST_F(BadInput, UnknownContainerIsNamed) {
    const RunResult result = daemon->http("POST", "/containers/nobody/start");
    EXPECT_EQ(result.out, "{\"message\":\"No such container: nobody\"}\n\n404");
}

TEST_F(BadInput, AmbiguousPrefixIsRefused) {
    // 17 containers: two of them share their first hex digit.
    for (int i = 0; i < 17; ++i) docker_ok({"create", "box", "true"});
    std::map<char, int> first;
    std::istringstream ids(docker_ok({"ps", "-aq"}));
    for (std::string id; ids >> id;) ++first[id[0]];
    for (const auto& [digit, count] : first) {
        if (count < 2) continue;
        const RunResult result = daemon->http("GET", std::string("/containers/") + digit + "/json");
        EXPECT_THAT(result.out, HasSubstr(std::string("multiple IDs found with provided prefix: ") + digit));
        EXPECT_THAT(result.out, EndsWith("400"));
    }
}

TEST_F(BadInput, MalformedJsonAndWrongTypesAreNamed) {
    EXPECT_THAT(daemon->http("POST", "/containers/create", "{\"Image\":").out, EndsWith("400"));
    const RunResult wrong =
        daemon->http("POST", "/containers/create", R"({"Image":"box","HostConfig":{"Memory":"lots"}})");
    EXPECT_THAT(wrong.out, HasSubstr("HostConfig.Memory"));
    EXPECT_THAT(wrong.out, EndsWith("400"));
    EXPECT_EQ(docker_ok({"ps", "-aq"}), "");
}

TEST_F(BadInput, UnknownVersionsAndRoutesAreRefused) {
    EXPECT_THAT(daemon->http("GET", "/v1.99/containers/json").out,
                HasSubstr("client version 1.99 is too new. Maximum supported API version is 1.51"));
    EXPECT_THAT(daemon->http("GET", "/v1.12/containers/json").out,
                HasSubstr("client version 1.12 is too old. Minimum supported API version is 1.22, please upgrade your "
                          "client to a newer version"));
    EXPECT_THAT(daemon->http("GET", "/nonsense").out, HasSubstr("page not found"));
}

TEST_F(BadInput, WhatIsNotThereYetSaysSo) {
    docker_ok({"create", "--name", "some", "box", "true"});
    for (const auto& [method, path] :
         std::vector<std::pair<std::string, std::string>>{{"POST", "/images/create?fromImage=busybox"},
                                                          {"POST", "/networks/create"},
                                                          {"POST", "/build"},
                                                          {"GET", "/containers/some/checkpoints"}}) {
        const RunResult result = daemon->http(method, path, method == "POST" ? "{}" : "");
        EXPECT_THAT(result.out, EndsWith("501")) << path;
        EXPECT_THAT(result.out, HasSubstr("message")) << path;
    }
}

TEST_F(BadInput, ANameInUseNamesItsOwner) {
    const std::string owner = docker_ok({"create", "--name", "taken", "box", "true"});
    const RunResult second = docker({"create", "--name", "taken", "box", "true"});
    EXPECT_THAT(second.err, HasSubstr("Conflict. The container name \"/taken\" is already in use by container"));
    EXPECT_THAT(second.err, HasSubstr(owner));
}

TEST_F(BadInput, AMissingImageSaysItAsDockerDoes) {
    const RunResult result = daemon->http("POST", "/containers/create", R"({"Image":"missing"})");
    EXPECT_EQ(result.out, "{\"message\":\"No such image: missing:latest\"}\n\n404");
}

TEST_F(BadInput, AHugeBodyIsRefusedWithoutBeingKept) {
    const std::string path = daemon->root() + "/huge";
    ASSERT_EQ(run({"truncate", "-s", "1G", path}).exit_code, 0);
    const RunResult result =
        daemon->http("POST", "/containers/create", "", {"-H", "Content-Type: application/json", "-T", path});
    EXPECT_THAT(result.out, EndsWith("413"));
    EXPECT_THAT(daemon->http("GET", "/_ping").out, HasSubstr("OK"));
}

TEST_F(BadInput, HalfOpenConnectionsDisturbNobody) {
    std::vector<int> sockets;
    for (int i = 0; i < 300; ++i) {
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        daemon->socket().copy(address.sun_path, sizeof(address.sun_path) - 1);
        ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
        ASSERT_GT(send(fd, "GET /_pi", 8, MSG_NOSIGNAL), 0);
        sockets.push_back(fd);
    }
    EXPECT_EQ(docker_ok({"run", "--rm", "box", "echo", "served"}), "served");
    for (const int fd : sockets) close(fd);
}

TEST_F(BadInput, ACorruptArchiveLeavesNothingImported) {
    const std::string images = docker_ok({"images", "-q"});
    const std::string path = daemon->root() + "/corrupt.tar";
    const std::string whole = read_file(default_image_tar());
    write_file(path, "this is not an archive at all");
    EXPECT_NE(docker({"load", "-i", path}).exit_code, 0);
    write_file(path, whole.substr(0, whole.size() / 2));
    EXPECT_NE(docker({"import", path, "half"}).exit_code, 0);
    write_file(path, whole);  // an archive, but of no image
    const RunResult no_manifest = docker({"load", "-i", path});
    EXPECT_NE(no_manifest.exit_code, 0);
    EXPECT_THAT(no_manifest.err + no_manifest.out, HasSubstr("manifest.json"));

    EXPECT_EQ(docker_ok({"images", "-q"}), images);
}

TEST_F(BadInput, BadNamesAreRefused) {
    EXPECT_THAT(docker({"create", "--name", "no/slash", "box"}).err, HasSubstr("Invalid container name"));
    EXPECT_THAT(docker({"run", "--rm", "box:NOT VALID", "true"}).err, HasSubstr("invalid reference format"));
    EXPECT_THAT(docker({"kill", "-s", "NOSIG", "nobody"}).err, HasSubstr("nobody"));
}

// A small tmpfs as data root: what is full is said, and what was there stays.
class FullDisk : public DockerClient {
protected:
    void SetUp() override {
        if (geteuid() == 0) {
            char pattern[] = "/tmp/slwfull-XXXXXX";
            ASSERT_NE(mkdtemp(pattern), nullptr);
            directory = pattern;
            ASSERT_EQ(mount("slipway-test", pattern, "tmpfs", 0, "size=12m"), 0);
        }
        DockerClient::SetUp();
    }
    void TearDown() override {
        daemon.reset();
        if (directory.empty()) return;
        EXPECT_EQ(umount2(directory.c_str(), 0), 0);
        fs::remove(directory);
    }
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options result;
        result.data_root = directory;
        return result;
    }
    std::string directory;
};

TEST_F(FullDisk, ImportAndCreateFailCleanlyAndTheDaemonServesOn) {
    write_file(directory + "/filler", "");
    const RunResult filled = run({"dd", "if=/dev/zero", "of=" + directory + "/filler", "bs=64k"});
    EXPECT_NE(filled.exit_code, 0);

    const RunResult import = docker({"import", default_image_tar(), "second"});
    EXPECT_NE(import.exit_code, 0);
    EXPECT_THAT(import.err, HasSubstr("No space left on device"));
    EXPECT_EQ(docker_ok({"images", "--format", "{{.Repository}}"}), "box");

    fs::remove(directory + "/filler");
    EXPECT_EQ(docker_ok({"run", "--rm", "box", "echo", "room again"}), "room again");
}

}  // namespace
}  // namespace slipway::testing
