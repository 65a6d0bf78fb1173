// The daemon may die at any time; containers, logs and exit codes do not.
#include "client.hpp"

#include <csignal>
#include <map>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;

class Survival : public DockerClient {};

TEST_F(Survival, KillingTheDaemonCostsNothing) {
    constexpr int kContainers = 10;
    std::map<std::string, std::string> pids;
    for (int i = 0; i < kContainers; ++i) {
        const std::string name = "c" + std::to_string(i);
        docker_ok({"run", "-d", "--name", name, "box", "sh", "-c",
                   "i=0; while :; do echo line $i; i=$((i+1)); sleep 0.01; done"});
        pids[name] = inspect(name, "{{.State.Pid}}");
    }
    docker_ok({"run", "-d", "--name", "ender", "box", "sh", "-c", "sleep 1; exit 17"});

    daemon->kill_daemon();
    std::this_thread::sleep_for(1500ms);  // ender ends while nobody watches
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");

    EXPECT_EQ(inspect("ender", "{{.State.Status}} {{.State.ExitCode}}"), "exited 17");
    EXPECT_EQ(docker_ok({"wait", "ender"}), "17");
    for (const auto& [name, pid] : pids) {
        EXPECT_EQ(inspect(name, "{{.State.Pid}} {{.State.Status}}"), pid + " running");
        EXPECT_EQ(kill(static_cast<pid_t>(std::stol(pid)), 0), 0) << name;
        EXPECT_TRUE(eventually([&] { return docker_ok({"logs", name}).find("line 60") != std::string::npos; })) << name;
        docker_ok({"stop", "-t", "0", name});
        std::istringstream lines(docker_ok({"logs", name}));
        int expected = 0;
        for (std::string line; std::getline(lines, line); ++expected) {
            ASSERT_EQ(line, "line " + std::to_string(expected)) << name << " lost a line";
        }
        EXPECT_GT(expected, 50) << name;
        EXPECT_EQ(docker_ok({"wait", name}), "137");
    }
}

TEST_F(Survival, ACleanStopLeavesContainersRunning) {
    docker_ok({"run", "-d", "--name", "stays", "box", "sleep", "600"});
    const std::string pid = inspect("stays", "{{.State.Pid}}");

    daemon->stop_daemon();
    EXPECT_EQ(kill(static_cast<pid_t>(std::stol(pid)), 0), 0);
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");

    EXPECT_EQ(inspect("stays", "{{.State.Pid}} {{.State.Status}}"), pid + " running");
}

TEST_F(Survival, PublishedPortsStayOursAcrossARestart) {
    const std::string port = std::to_string(free_port());
    docker_ok({"run", "-d", "--name", "web", "-p", port + ":80", "box", "httpd", "-f", "-h", "/var/www"});

    daemon->kill_daemon();
    EXPECT_THAT(run({"curl", "-s", "--max-time", "5", "http://127.0.0.1:" + port + "/"}).out, HasSubstr("Hello"));
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");

    EXPECT_THAT(run({"curl", "-s", "--max-time", "5", "http://127.0.0.1:" + port + "/"}).out, HasSubstr("Hello"));
    const RunResult second = docker({"run", "--rm", "-p", port + ":80", "box", "true"});
    EXPECT_THAT(second.err, HasSubstr("port is already allocated"));
    docker_ok({"rm", "-f", "web"});
    EXPECT_EQ(docker_ok({"run", "--rm", "-p", port + ":80", "box", "echo", "free"}), "free");
}

TEST_F(Survival, AnAttachedClientOutlivesTheDaemon) {
    Background client = Background::start(
        daemon->docker_command({"run", "--rm", "-i", "--name", "long", "box", "sh", "-c", "sleep 1; echo still here"}),
        daemon->root() + "/out");
    EXPECT_TRUE(eventually([&] { return docker({"inspect", "long"}).exit_code == 0; }));
    EXPECT_TRUE(eventually([&] { return inspect("long", "{{.State.Running}}") == "true"; }));

    daemon->kill_daemon();

    EXPECT_TRUE(eventually([&] { return read_file(daemon->root() + "/out").find("still here") != std::string::npos; }));
}

TEST_F(Survival, ASupervisorThatDiesTakesItsContainerAndIsReported) {
    docker_ok({"run", "-d", "--name", "victim", "box", "sleep", "600"});
    const pid_t pid = static_cast<pid_t>(std::stol(inspect("victim", "{{.State.Pid}}")));
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
    const pid_t supervisor = static_cast<pid_t>(std::stol(status.substr(status.find("PPid:") + 5)));

    ASSERT_EQ(kill(supervisor, SIGKILL), 0);

    EXPECT_TRUE(eventually([&] { return inspect("victim", "{{.State.Status}}") == "exited"; }));
    EXPECT_TRUE(eventually([&] { return kill(pid, 0) != 0; }))
        << "the container's process lives on without a supervisor";
}

}  // namespace
}  // namespace slipway::testing
