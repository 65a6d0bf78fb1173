// The HCS backend behind a real daemon, driven by the real docker client. The host is simulated; commands are processes
// of this machine, or under Wine where SLIPWAY_TEST_BACKEND says so.
#include "client.hpp"
#include "http_json.hpp"

#include <cstdlib>

namespace slipway::testing {
namespace {

class WindowsOverHttp : public DockerClient {
protected:
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options result;
        if (std::getenv("SLIPWAY_TEST_BACKEND") == nullptr) result.backend = "hcs-sim";
        return result;
    }
};

TEST_F(WindowsOverHttp, ClientsAreToldThatContainersAreWindows) {
    EXPECT_EQ(docker_ok({"version", "--format", "{{.Server.Os}}"}), "windows");
    EXPECT_EQ(docker_ok({"info", "--format", "{{.OSType}} {{.Isolation}} {{.Driver}}"}),
              "windows process windowsfilter");
    EXPECT_EQ(docker_ok({"image", "inspect", "-f", "{{.Os}}", "box"}), "windows");
    EXPECT_THAT(daemon->slipway({"backends"}).out, HasSubstr("windows"));
}

TEST_F(WindowsOverHttp, RunShowsOutputAndExitCode) {
    const RunResult result = docker({"run", "--rm", "box", "cmd", "/c", "echo out; echo err >&2; exit 3"});

    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_EQ(result.out, "out\n");
    EXPECT_EQ(result.err, "err\n");
    EXPECT_TRUE(eventually([&] { return docker_ok({"ps", "-aq"}).empty(); }));
}

TEST_F(WindowsOverHttp, CreateStartExecLogsStopRemove) {
    docker_ok({"create", "--name", "win", "-e", "GREETING=hello", "box", "sh", "-c", "echo $GREETING; sleep 600"});
    EXPECT_EQ(inspect("win", "{{.State.Status}} {{.Platform}}"), "created windows");
    docker_ok({"start", "win"});
    EXPECT_TRUE(eventually([&] { return docker_ok({"logs", "win"}) == "hello"; }));

    const RunResult command = docker({"exec", "win", "sh", "-c", "echo in exec; exit 4"});
    EXPECT_EQ(command.exit_code, 4) << command.err;
    EXPECT_EQ(command.out, "in exec\n");
    EXPECT_THAT(inspect("win", "{{range $name, $net := .NetworkSettings.Networks}}{{$name}} {{$net.IPAddress}}{{end}}"),
                StartsWith("nat 172."));
    EXPECT_EQ(inspect("win", "{{.State.Running}} [{{.HostnamePath}}]"), "true []");

    docker_ok({"stop", "-t", "5", "win"});
    EXPECT_EQ(inspect("win", "{{.State.Status}}"), "exited");
    docker_ok({"start", "win"});
    docker_ok({"rm", "-f", "win"});
    EXPECT_EQ(docker_ok({"ps", "-aq"}), "");
}

// Windows ends containers with their daemon; the next one finds what they are made of.
TEST_F(WindowsOverHttp, ContainersOfADeadDaemonHaveEndedAndStartAgain) {
    docker_ok({"run", "-d", "--name", "one", "box", "sleep", "600"});
    docker_ok({"run", "-d", "--restart", "always", "--name", "always", "box", "sleep", "600"});
    daemon->kill_daemon();
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");

    EXPECT_TRUE(eventually([&] { return inspect("always", "{{.State.Status}}") == "running"; })) << daemon->log();
    EXPECT_EQ(inspect("one", "{{.State.Status}}"), "exited");
    docker_ok({"start", "one"});
    EXPECT_EQ(inspect("one", "{{.State.Status}}"), "running");
    docker_ok({"rm", "-f", "one", "always"});
}

TEST_F(WindowsOverHttp, StandardInputReachesTheProcess) {
    RunOptions with;
    with.input = "one\ntwo\n";

    const RunResult result = docker({"run", "--rm", "-i", "box", "cat"}, with);

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out, "one\ntwo\n");
}

TEST_F(WindowsOverHttp, Sf28_AHostConfigurationAtStartIsRefused) {
    docker_ok({"create", "--name", "win", "box", "sleep", "60"});

    const ApiReply nested =
        taken_apart(daemon->http("POST", "/v1.22/containers/win/start", R"({"HostConfig":{"Memory":0}})"));

    EXPECT_EQ(nested.status, 400);
    EXPECT_EQ(nested.body, "Supplying a hostconfig on start is not supported. It should be supplied on create\n");
    EXPECT_EQ(inspect("win", "{{.State.Status}}"), "created");
    // The flat form was never known there.
    const ApiReply flat =
        taken_apart(daemon->http("POST", "/v1.23/containers/win/start", R"({"Binds":["C:\\data:D:\\data"]})"));
    EXPECT_EQ(flat.status, 204) << flat.body;
    EXPECT_EQ(inspect("win", "{{.HostConfig.Binds}}"), "[]");
}

class HyperVOverHttp : public WindowsOverHttp {
protected:
    void SetUp() override {
        WindowsOverHttp::SetUp();
        const std::string folder = daemon->root() + "/layer", boot = folder + "/UtilityVM/Files/EFI/Microsoft/Boot";
        ASSERT_EQ(run({"sh", "-c",
                       "mkdir -p " + folder + "/Files " + boot + " && echo loader > " + boot +
                           "/bootmgfw.efi && tar -C " + folder + " -cf " + folder + ".tar Files UtilityVM"})
                      .exit_code,
                  0);
        docker_ok({"import", folder + ".tar", "machine"});
    }
    std::string files_below(const std::string& pattern) const {
        return run({"find", daemon->root(), "-path", pattern}).out;
    }
};

TEST_F(HyperVOverHttp, Sf42_HyperVIsolationRunsInAMachineAndNotOnTheHost) {
    const RunResult once = docker({"run", "--rm", "--isolation=hyperv", "machine", "sh", "-c", "echo out; exit 3"});
    EXPECT_EQ(once.exit_code, 3) << once.err;
    EXPECT_EQ(once.out, "out\n");

    docker_ok({"run", "-d", "--name", "win", "--isolation=HyperV", "-m", "256m", "machine", "sleep", "60"});
    EXPECT_EQ(inspect("win", "{{.HostConfig.Isolation}} {{.State.Status}}"), "hyperv running");
    EXPECT_EQ(docker({"exec", "win", "sh", "-c", "exit 4"}).exit_code, 4);
    EXPECT_THAT(docker_ok({"top", "win"}), HasSubstr("program.exe"));
    if (std::getenv("SLIPWAY_TEST_BACKEND") == nullptr) {
        EXPECT_THAT(files_below("*/vm/sandbox.vhdx"), HasSubstr("sandbox.vhdx"));
        EXPECT_EQ(files_below("*/scratch/initialised"), "") << "which the host writes when it mounts a root";
    }
    docker_ok({"stop", "-t", "5", "win"});
    EXPECT_EQ(files_below("*/vm/sandbox.vhdx"), "");
    docker_ok({"start", "win"});
    docker_ok({"rm", "-f", "win"});
}

TEST_F(HyperVOverHttp, PauseIsForContainersInMachines) {
    docker_ok({"run", "-d", "--name", "win", "--isolation=hyperv", "machine", "sleep", "60"});
    docker_ok({"pause", "win"});
    EXPECT_EQ(inspect("win", "{{.State.Status}}"), "paused");
    docker_ok({"unpause", "win"});
    docker_ok({"pause", "win"});
    EXPECT_THAT(docker({"top", "win"}).err, HasSubstr("is paused, its guest cannot be asked"));
    docker_ok({"kill", "win"});
    EXPECT_TRUE(eventually([&] { return inspect("win", "{{.State.Status}}") == "exited"; }));
    docker_ok({"run", "-d", "--name", "silo", "machine", "sleep", "60"});

    const ApiReply refused = taken_apart(daemon->http("POST", "/v1.51/containers/silo/pause"));

    EXPECT_EQ(refused.status, 501);
    EXPECT_THAT(refused.body, HasSubstr("Windows can pause containers with Hyper-V isolation alone"));
    EXPECT_EQ(inspect("silo", "{{.State.Status}}"), "running");
    docker_ok({"rm", "-f", "win", "silo"});
}

TEST_F(HyperVOverHttp, WhatAMachineNeedsOrKeepsFromIsNamed) {
    EXPECT_THAT(docker({"run", "--rm", "--isolation=hyperv", "box", "cmd"}).err,
                HasSubstr("no layer of it has a folder UtilityVM"));
    docker_ok({"run", "-d", "--name", "win", "machine", "sleep", "60"});
    EXPECT_THAT(docker({"create", "--isolation=hyperv", "--network", "container:win", "machine", "cmd"}).err,
                HasSubstr("using the network stack of another container is not supported while using Hyper-V"));
    docker_ok({"rm", "-f", "win"});
}

TEST_F(WindowsOverHttp, WhatWindowsHasNotIsRefusedByName) {
    const RunResult result = docker({"create", "--privileged", "box", "cmd"});

    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.err, HasSubstr("Windows does not support privileged mode"));
    EXPECT_THAT(docker({"create", "--network", "bridge", "box", "cmd"}).err, HasSubstr("network bridge not found"));
}

TEST_F(WindowsOverHttp, Sf43_Sf45_WhatCannotBeStartedIs127Or126) {
    docker_ok({"create", "--name", "missing", "box", "nosuchcommand"});
    EXPECT_EQ(taken_apart(daemon->http("POST", "/v1.51/containers/missing/start")).status, 400);
    EXPECT_EQ(inspect("missing", "{{.State.Status}} {{.State.ExitCode}}"), "created 127");
    docker_ok({"create", "--name", "denied", "box", "/etc/passwd"});
    EXPECT_EQ(taken_apart(daemon->http("POST", "/v1.51/containers/denied/start")).status, 400);
    EXPECT_EQ(inspect("denied", "{{.State.Status}} {{.State.ExitCode}}"), "created 126");
}

TEST_F(WindowsOverHttp, MountsArePathsOfWindows) {
    const std::string source = daemon->root() + "/source";
    docker_ok({"run", "-d", "--name", "win", "-v", source + R"(:d:/data\:ro)", "-v", R"(kept:C:\kept)", "-v",
               R"(E:\own)", "box", "sleep", "60"});

    const std::string mounts = "{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}};{{end}}";
    EXPECT_THAT(inspect("win", mounts), HasSubstr(R"(bind  D:\data false;)"));
    EXPECT_THAT(inspect("win", mounts), HasSubstr(R"(volume kept C:\kept true;)"));
    EXPECT_THAT(inspect("win", mounts), HasSubstr(R"( E:\own true;)"));
    EXPECT_THAT(docker({"create", "-v", source + ":c:", "box", "sleep"}).err, HasSubstr("destination path cannot be"));
    EXPECT_THAT(docker({"create", "--tmpfs", "/x", "box", "sleep"}).err, HasSubstr("Windows does not support Tmpfs"));
    docker_ok({"rm", "-f", "-v", "win"});
}

TEST_F(WindowsOverHttp, StatsTopAndPortsAreOfTheSystem) {
    const std::string port = std::to_string(free_port());
    docker_ok({"run", "-d", "--name", "win", "-p", port + ":80", "box", "sleep", "60"});

    EXPECT_THAT(docker_ok({"top", "win"}), HasSubstr("program.exe"));
    EXPECT_THAT(docker_ok({"stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}"}), StartsWith("win "));
    EXPECT_THAT(docker_ok({"port", "win"}), HasSubstr(port));
    docker_ok({"rm", "-f", "win"});
}

}  // namespace
}  // namespace slipway::testing
