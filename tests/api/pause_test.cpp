// Pausing real containers.
#include "client.hpp"

#include <csignal>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;

class Pause : public DockerClient {
protected:
    // A container that counts without end, paused.
    void run_paused(const std::string& name) const {
        docker_ok(
            {"run", "-d", "--name", name, "box", "sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); sleep 0.01; done"});
        EXPECT_TRUE(eventually([&] { return !docker_ok({"logs", name}).empty(); }));
        EXPECT_EQ(docker_ok({"pause", name}), name);
    }
    // Whether the container wrote anything within the time it needs for ten lines.
    bool writes(const std::string& name) const {
        const std::string before = docker_ok({"logs", name});
        std::this_thread::sleep_for(200ms);
        return docker_ok({"logs", name}) != before;
    }
};

TEST_F(Pause, Sf01_StartOfAPausedContainerIsRefused) {
    run_paused("held");
    const std::string id = inspect("held", "{{.Id}}");

    const RunResult refused = daemon->http("POST", "/v1.43/containers/held/start");

    EXPECT_EQ(trimmed(refused.out), "{\"message\":\"cannot start a paused container, try unpause instead\"}\n\n409");
    EXPECT_EQ(inspect("held", "{{.State.Status}} {{.State.Paused}}"), "paused true");
    EXPECT_FALSE(writes("held"));
    const std::string events = events_so_far({"--filter", "container=" + id, "--format", "{{.Action}}"});
    EXPECT_THAT(events, ::testing::EndsWith("start\npause")) << "a refused start is no event";
}

TEST_F(Pause, Sf02_LegacyStartOfAPausedContainerUsesTheOldText) {
    run_paused("held");

    const RunResult refused = daemon->http("POST", "/v1.23/containers/held/start", "", {"-i"});

    EXPECT_THAT(refused.out, HasSubstr("500 Internal Server Error"));
    EXPECT_THAT(refused.out, HasSubstr("Content-Type: text/plain; charset=utf-8"));
    EXPECT_THAT(refused.out, HasSubstr("\r\n\r\nCannot start a paused container, try unpause instead.\n"));
    EXPECT_EQ(inspect("held", "{{.State.Status}}"), "paused");
}

TEST_F(Pause, HoldsEverythingStillAndLetsItGoOn) {
    run_paused("held");

    EXPECT_FALSE(writes("held"));
    EXPECT_THAT(docker_ok({"ps"}), HasSubstr("(Paused)"));
    EXPECT_THAT(docker({"pause", "held"}).err, HasSubstr("is already paused"));
    docker_ok({"unpause", "held"});
    EXPECT_TRUE(eventually([&] { return writes("held"); }));
    EXPECT_THAT(docker({"unpause", "held"}).err, HasSubstr("is not paused"));
    docker_ok({"stop", "-t", "0", "held"});
    EXPECT_THAT(docker({"pause", "held"}).err, HasSubstr("is not running"));
}

TEST_F(Pause, APausedContainerCanBeEnded) {
    docker_ok({"run", "--rm", "box", "true"});
    EXPECT_TRUE(eventually([&] { return docker_ok({"ps", "-aq"}).empty(); }));
    const MachineState before = daemon->machine_at_rest();
    for (const char* name : {"stopped", "killed", "removed"}) run_paused(name);

    docker_ok({"stop", "-t", "1", "stopped"});
    docker_ok({"kill", "killed"});
    docker_ok({"rm", "-f", "removed"});

    EXPECT_EQ(inspect("stopped", "{{.State.Status}}"), "exited");
    EXPECT_EQ(inspect("killed", "{{.State.Status}} {{.State.ExitCode}}"), "exited 137");
    docker_ok({"rm", "stopped", "killed"});
    EXPECT_EQ(daemon->leaks_since(before), "");
}

TEST_F(Pause, OutlivesTheDaemon) {
    run_paused("held");

    daemon->kill_daemon();
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");

    EXPECT_EQ(inspect("held", "{{.State.Status}}"), "paused");
    EXPECT_FALSE(writes("held"));
    const RunResult own = daemon->slipway({"unpause", "held"});
    EXPECT_EQ(own.exit_code, 0) << own.err;
    EXPECT_TRUE(eventually([&] { return writes("held"); }));
    EXPECT_EQ(daemon->slipway({"pause", "held"}).exit_code, 0);
    EXPECT_EQ(inspect("held", "{{.State.Status}}"), "paused");
}

}  // namespace
}  // namespace slipway::testing
