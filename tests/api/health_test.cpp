// Health checks of real containers.
#include "client.hpp"

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;

class Health : public DockerClient {
protected:
    std::string health(const std::string& name) const { return inspect(name, "{{.State.Health.Status}}"); }
    std::string events(const std::string& name) const {
        return events_so_far({"--filter", "container=" + name, "--format", "{{.Action}}"});
    }
    // A container that is healthy while /tmp/well exists, probed ten times a second.
    void run_checked(const std::string& name, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments = {"run",
                                              "-d",
                                              "--name",
                                              name,
                                              "--health-cmd",
                                              "cat /tmp/well && echo fine",
                                              "--health-interval",
                                              "100ms",
                                              "--health-retries",
                                              "2"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        for (const char* word : {"box", "sh", "-c", "echo 1 > /tmp/well; sleep 600"}) arguments.emplace_back(word);
        docker_ok(arguments);
    }
};

TEST_F(Health, GoesFromStartingToHealthyToUnhealthyAndBack) {
    run_checked("ward");
    EXPECT_TRUE(eventually([&] { return health("ward") == "healthy"; }));
    EXPECT_THAT(docker_ok({"ps"}), HasSubstr("(healthy)"));
    EXPECT_EQ(docker_ok({"ps", "-q", "--filter", "health=healthy", "--no-trunc"}), inspect("ward", "{{.Id}}"));
    EXPECT_EQ(docker_ok({"ps", "-q", "--filter", "health=unhealthy"}), "");
    EXPECT_THAT(inspect("ward", "{{(index .State.Health.Log 0).Output}}"), HasSubstr("fine"));

    docker_ok({"exec", "ward", "rm", "/tmp/well"});
    EXPECT_TRUE(eventually([&] { return health("ward") == "unhealthy"; }));
    EXPECT_THAT(docker_ok({"ps"}), HasSubstr("(unhealthy)"));
    EXPECT_THAT(inspect("ward", "{{json .State.Health.Log}}"), HasSubstr("No such file"));
    docker_ok({"exec", "ward", "sh", "-c", "echo 1 > /tmp/well"});
    EXPECT_TRUE(eventually([&] { return health("ward") == "healthy"; }));

    EXPECT_TRUE(eventually([&] { return inspect("ward", "{{len .State.Health.Log}}") == "5"; }));
    EXPECT_THAT(inspect("ward", "{{(index .State.Health.Log 4).Output}}"), HasSubstr("fine")) << "the last five are kept";
    const std::string told = events("ward");
    EXPECT_THAT(told, HasSubstr("health_status: healthy"));
    EXPECT_THAT(told, HasSubstr("health_status: unhealthy"));
    EXPECT_EQ(docker_ok({"logs", "ward"}), "") << "what probes print is not the container's output";
}

TEST_F(Health, AProbeThatHangsIsKilled) {
    docker_ok({"run", "-d", "--name", "ward", "--health-cmd", "echo begun; sleep 60", "--health-interval", "100ms",
               "--health-timeout", "300ms", "--health-retries", "1", "box", "sleep", "600"});

    EXPECT_TRUE(eventually([&] { return health("ward") == "unhealthy"; }));

    EXPECT_THAT(inspect("ward", "{{json .State.Health.Log}}"), HasSubstr("Health check exceeded timeout (300ms)"));
    EXPECT_EQ(inspect("ward", "{{(index .State.Health.Log 0).ExitCode}}"), "-1");
}

TEST_F(Health, AProbeEndsWithTheDaemon) {
    docker_ok({"run", "-d", "--name", "ward", "--health-cmd", "echo $$ > /tmp/probe; exec sleep 6000",
               "--health-interval", "100ms", "--health-timeout", "1h", "box", "sleep", "600"});

    EXPECT_TRUE(eventually([&] { return docker({"exec", "ward", "cat", "/tmp/probe"}).exit_code == 0; }));
    const std::string first = docker_ok({"exec", "ward", "cat", "/tmp/probe"});

    daemon->kill_daemon();
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");

    EXPECT_TRUE(eventually([&] { return docker({"exec", "ward", "test", "-d", "/proc/" + first}).exit_code != 0; }));
    EXPECT_TRUE(eventually([&] {
        return docker_ok({"exec", "ward", "cat", "/tmp/probe"}) != first;
    })) << "the new daemon probes again";
}

TEST_F(Health, OutputIsBounded) {
    docker_ok({"run", "-d", "--name", "ward", "--health-cmd", "yes | head -c 1000000", "--health-interval", "100ms",
               "box", "sleep", "600"});

    EXPECT_TRUE(eventually([&] { return health("ward") == "healthy"; }));

    const std::string output = inspect("ward", "{{(index .State.Health.Log 0).Output}}");
    EXPECT_EQ(output.size(), 4096U + 3U);
    EXPECT_THAT(output, ::testing::EndsWith("..."));
}

TEST_F(Health, IsNotCheckedWhilePausedAndGoesOnAfterARestartOfTheDaemon) {
    run_checked("ward");
    EXPECT_TRUE(eventually([&] { return health("ward") == "healthy"; }));

    docker_ok({"pause", "ward"});
    const std::string last = inspect("ward", "{{json .State.Health.Log}}");
    std::this_thread::sleep_for(400ms);
    EXPECT_EQ(inspect("ward", "{{json .State.Health.Log}}"), last);
    docker_ok({"unpause", "ward"});
    EXPECT_TRUE(eventually([&] { return inspect("ward", "{{json .State.Health.Log}}") != last; }));

    daemon->kill_daemon();
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");
    docker_ok({"exec", "ward", "rm", "/tmp/well"});
    EXPECT_TRUE(eventually([&] { return health("ward") == "unhealthy"; }));
    docker_ok({"stop", "-t", "0", "ward"});
    EXPECT_EQ(health("ward"), "unhealthy");
}

TEST_F(Health, AnUnhealthyContainerIsRestartedIfItSaysSo) {
    run_checked("ward", {"--label", "io.slipway.on-unhealthy=restart", "--stop-timeout", "0"});
    EXPECT_TRUE(eventually([&] { return health("ward") == "healthy"; }));
    const std::string pid = inspect("ward", "{{.State.Pid}}");

    docker_ok({"exec", "ward", "rm", "/tmp/well"});

    EXPECT_TRUE(eventually([&] { return inspect("ward", "{{.State.Pid}}") != pid && health("ward") == "healthy"; }));
    EXPECT_THAT(events("ward"), HasSubstr("restart"));
}

TEST_F(Health, LeavesNothingBehind) {
    docker_ok({"run", "--rm", "box", "true"});
    EXPECT_TRUE(eventually([&] { return docker_ok({"ps", "-aq"}).empty(); }));
    const MachineState before = daemon->machine_at_rest();
    run_checked("ward");
    EXPECT_TRUE(eventually([&] { return health("ward") == "healthy"; }));

    docker_ok({"rm", "-f", "ward"});

    EXPECT_EQ(daemon->leaks_since(before), "");
}

TEST_F(Health, NonsenseIsRefusedWithDockersTexts) {
    const auto create = [&](const std::string& healthcheck) {
        return daemon
            ->http("POST", "/v1.43/containers/create",
                   R"({"Image": "box", "Cmd": ["true"], "Healthcheck": )" + healthcheck + "}")
            .out;
    };
    EXPECT_THAT(create(R"({"Test": ["CMD", "true"], "Interval": 10})"),
                HasSubstr("Interval in Healthcheck cannot be less than 1ms"));
    EXPECT_THAT(create(R"({"Test": ["CMD", "true"], "Retries": -1})"),
                HasSubstr("Retries in Healthcheck cannot be negative"));
}

}  // namespace
}  // namespace slipway::testing
