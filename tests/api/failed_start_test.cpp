// A start that fails, in whichever phase, leaves the machine exactly as it was.
#include <tree/tree.hpp>
#include "client.hpp"

#include <csignal>
#include <filesystem>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class FailedStart : public DockerClient {
protected:
    void SetUp() override {
        DockerClient::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        before = after_a_first_run();
    }

    // `container` exists and was never started.
    void expect_start_fails_without_a_trace(const std::string& container, const std::string& message,
                                            const std::string& phase) {
        const RunResult started = docker({"start", container});
        EXPECT_NE(started.exit_code, 0);
        EXPECT_THAT(started.err, HasSubstr(message));
        EXPECT_EQ(daemon->leaks_since(before), "");
        EXPECT_EQ(inspect(container, "{{.State.Status}}"), "created");
        EXPECT_THAT(inspect(container, "{{.State.Error}}"), HasSubstr(message));
        const std::string document = daemon->http("GET", "/containers/" + container + "/json").out;
        EXPECT_THAT(document, HasSubstr("\"phase\":\"" + phase + "\""));
        docker_ok({"rm", container});
        EXPECT_EQ(daemon->leaks_since(before), "");
    }

    MachineState before;
};

TEST_F(FailedStart, Sf31_Sf32_Sf34_MissingImageLayer) {
    docker_ok({"create", "--name", "bad", "box", "true"});
    const fs::path layers = daemon->data_root() + "/backends/linux/layers";
    std::vector<fs::path> moved;
    for (const auto& layer : fs::directory_iterator(layers)) moved.push_back(layer.path());
    ASSERT_FALSE(moved.empty());
    for (const fs::path& layer : moved) fs::rename(layer, daemon->root() + "/" + layer.filename().string());

    expect_start_fails_without_a_trace("bad", "layer", "mount_root");

    for (const fs::path& layer : moved) fs::rename(daemon->root() + "/" + layer.filename().string(), layer);
    EXPECT_EQ(docker_ok({"run", "--rm", "box", "echo", "well again"}), "well again");
}

TEST_F(FailedStart, Sf31_Sf32_Sf34_BadMount) {
    const std::string source = daemon->root() + "/gone";
    fs::create_directory(source);
    docker_ok({"create", "--name", "bad", "--mount", "type=bind,src=" + source + ",dst=/x", "box", "true"});
    fs::remove(source);

    expect_start_fails_without_a_trace("bad", source, "mount_volumes");
}

TEST_F(FailedStart, Sf31_Sf32_Sf34_UsedPort) {
    const std::string port = std::to_string(free_port());
    docker_ok({"run", "-d", "--name", "holder", "-p", port + ":80", "box", "sleep", "600"});
    before = daemon->machine_at_rest();
    docker_ok({"create", "--name", "bad", "-p", port + ":80", "box", "true"});

    expect_start_fails_without_a_trace("bad", "port is already allocated", "attach_networks");

    docker_ok({"rm", "-f", "holder"});
    EXPECT_EQ(docker_ok({"run", "--rm", "-p", port + ":80", "box", "echo", "free"}), "free");
}

TEST_F(FailedStart, Sf31_Sf32_Sf34_MissingUser) {
    docker_ok({"create", "--name", "bad", "--user", "ghost", "box", "true"});
    expect_start_fails_without_a_trace("bad", "ghost", "build_spec");
}

TEST_F(FailedStart, Sf31_Sf32_Sf34_MissingCommand) {
    docker_ok({"create", "--name", "bad", "box", "nosuchcommand"});
    const RunResult started = docker({"start", "bad"});

    EXPECT_THAT(started.err, HasSubstr("nosuchcommand"));
    EXPECT_EQ(inspect("bad", "{{.State.ExitCode}}"), "127");
    EXPECT_EQ(daemon->leaks_since(before), "");
}

TEST_F(FailedStart, Sf31_Sf32_Sf34_FileOntoDirectory) {
    write_file(daemon->root() + "/file", "x");
    docker_ok({"create", "--name", "bad", "-v", daemon->root() + "/file:/etc", "box", "true"});
    const RunResult started = docker({"start", "bad"});

    EXPECT_THAT(started.err, HasSubstr("Are you trying to mount a directory onto a file (or vice-versa)?"));
    EXPECT_EQ(inspect("bad", "{{.State.ExitCode}}"), "127");
    EXPECT_EQ(daemon->leaks_since(before), "");
}

TEST_F(FailedStart, Sf31_Sf32_Sf34_SupervisorMissing) {
    // A daemon whose supervisor cannot be executed; the container never comes to life.
    const fs::path supervisor = std::string(tree::kBuild) + "/bin/slipway-supervisor";
    docker_ok({"create", "--name", "bad", "box", "true"});
    fs::permissions(supervisor, fs::perms::none);
    fs::rename(supervisor, supervisor.string() + ".away");
    write_file(supervisor, "not a program");
    fs::permissions(supervisor, fs::perms::owner_all);

    const RunResult started = docker({"start", "bad"});

    fs::rename(supervisor.string() + ".away", supervisor);
    fs::permissions(supervisor, fs::perms(0755));
    EXPECT_NE(started.exit_code, 0);
    EXPECT_THAT(started.err, HasSubstr("slipway-supervisor"));
    EXPECT_EQ(daemon->leaks_since(before), "");
    EXPECT_EQ(docker_ok({"start", "-a", "bad"}), "");
}

TEST_F(FailedStart, AutoRemoveTakesTheContainerAway) {
    const RunResult result = docker({"run", "--rm", "box", "nosuchcommand"});

    EXPECT_EQ(result.exit_code, 127);
    EXPECT_TRUE(eventually([&] { return docker_ok({"ps", "-aq"}).empty(); }));
    EXPECT_EQ(daemon->leaks_since(before), "");
}

TEST_F(FailedStart, FortyWholeLivesLeaveNothing) {
    for (int i = 0; i < 40; ++i) docker_ok({"run", "--rm", "-p", std::to_string(free_port()) + ":80", "box", "true"});
    EXPECT_TRUE(eventually([&] { return docker_ok({"ps", "-aq"}).empty(); }));

    EXPECT_EQ(daemon->leaks_since(before), "");
}

}  // namespace
}  // namespace slipway::testing
