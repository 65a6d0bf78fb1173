// `--exec-opt native.cgroupdriver=systemd`: containers as scopes. Needs a machine that systemd runs, which tests/vm
// makes.
#include <tree/tree.hpp>
#include "client.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Not;

class SystemdDriver : public DockerClient {
protected:
    void SetUp() override {
        if (!fs::is_directory("/run/systemd/system")) {
            // vm.systemd says so where there must be one.
            if (std::getenv("SLIPWAY_TEST_CGROUP_DRIVER") != nullptr) FAIL() << "systemd does not run this machine";
            GTEST_SKIP() << "systemd does not run this machine; vm.systemd has one";
        }
        DockerClient::SetUp();
    }
    void TearDown() override {
        if (daemon == nullptr) return;
        docker({"rm", "-f", "one", "two"});
        EXPECT_EQ(scopes(), "") << "a unit is left";
    }
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options made;
        made.cgroup_driver = "systemd";
        return made;
    }

    static std::string systemctl(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "systemctl");
        const RunResult result = run(arguments);
        EXPECT_EQ(result.exit_code, 0) << arguments[1] << ": " << result.err;
        return trimmed(result.out);
    }
    static std::string scopes() {
        return systemctl({"list-units", "--all", "--plain", "--no-legend", "slipway-*.scope"});
    }
    std::string unit(const std::string& container) const {
        return "slipway-" + inspect(container, "{{.Id}}") + ".scope";
    }
    std::string property(const std::string& container, const std::string& name) const {
        return systemctl({"show", "--value", "-p", name, unit(container)});
    }
    // Where the container's first process is, by the kernel.
    fs::path group(const std::string& container) const {
        const std::string line = read_file("/proc/" + inspect(container, "{{.State.Pid}}") + "/cgroup");
        EXPECT_THAT(line, StartsWith("0::/"));
        return "/sys/fs/cgroup" + trimmed(line.substr(3));
    }
    std::string limit(const std::string& container, const std::string& file) const {
        return trimmed(read_file(group(container) / file));
    }
};

TEST_F(SystemdDriver, AContainerIsADelegatedScopeWithItsLimits) {
    EXPECT_EQ(docker_ok({"info", "-f", "{{.CgroupDriver}} {{.CgroupVersion}}"}), "systemd 2");
    docker_ok({"run", "-d", "--name", "one", "-m", "32m", "--memory-swap", "32m", "--pids-limit", "50", "--cpus", "0.5",
               "box", "sleep", "600"});

    EXPECT_EQ(property("one", "ActiveState"), "active");
    EXPECT_EQ(property("one", "Delegate"), "yes");
    EXPECT_EQ(property("one", "Transient"), "yes");
    EXPECT_EQ(property("one", "Slice"), fs::path(daemon->cgroup_parent()).filename());
    const fs::path scope = "/sys/fs/cgroup" + property("one", "ControlGroup");
    EXPECT_EQ(scope, "/sys/fs/cgroup/" + daemon->cgroup_parent() + "/" + unit("one"));
    EXPECT_EQ(group("one"), scope / "container");
    EXPECT_FALSE(fs::exists(scope / "start")) << "what held the scope until then is gone";
    EXPECT_EQ(limit("one", "memory.max"), "33554432");
    EXPECT_EQ(limit("one", "pids.max"), "50");
    EXPECT_EQ(limit("one", "cpu.max"), "50000 100000");
    EXPECT_EQ(limit("one", "cgroup.procs"), inspect("one", "{{.State.Pid}}")) << "nobody but the container is in it";
    EXPECT_EQ(docker_ok({"stats", "--no-stream", "--format", "{{.PIDs}} {{.Container}}", "one"}), "1 one");
    EXPECT_THAT(docker_ok({"stats", "--no-stream", "--format", "{{.MemUsage}}", "one"}),
                ::testing::AllOf(HasSubstr("/ 32MiB"), Not(StartsWith("0B"))));
    EXPECT_EQ(docker_ok({"exec", "one", "cat", "/proc/self/cgroup"}), "0::/");
    docker_ok({"pause", "one"});
    EXPECT_EQ(inspect("one", "{{.State.Status}}"), "paused");
    docker_ok({"unpause", "one"});

    docker_ok({"rm", "-f", "one"});
    EXPECT_FALSE(fs::exists(scope));
    EXPECT_EQ(scopes(), "");
}

TEST_F(SystemdDriver, LimitsOfProcessesAreTheContainersAlone) {
    EXPECT_EQ(docker_ok({"run", "--rm", "--pids-limit", "1", "box", "echo", "alone"}), "alone");
    docker_ok({"run", "-d", "--name", "one", "box", "sleep", "600"});
    EXPECT_EQ(limit("one", "pids.max"), "max") << "without any limit the controllers are there, too";
    EXPECT_EQ(trimmed(read_file(group("one").parent_path() / "pids.max")), "max")
        << "systemd's DefaultTasksMax is not for containers";
    EXPECT_EQ(docker_ok({"stats", "--no-stream", "--format", "{{.PIDs}}", "one"}), "1");
}

TEST_F(SystemdDriver, AParentIsASlice) {
    docker_ok({"run", "-d", "--name", "one", "--cgroup-parent", "slwown-deep.slice", "box", "sleep", "600"});
    EXPECT_EQ(group("one"), "/sys/fs/cgroup/slwown.slice/slwown-deep.slice/" + unit("one") + "/container");
    EXPECT_EQ(property("one", "Slice"), "slwown-deep.slice");
    EXPECT_EQ(inspect("one", "{{.HostConfig.CgroupParent}}"), "slwown-deep.slice");

    for (const std::string name : {"/a", "a", "a.scope", "a--b.slice", "/a.slice", ".slice", "a.slice/b"}) {
        const RunResult refused = docker({"create", "--cgroup-parent", name, "box", "true"});
        EXPECT_EQ(refused.exit_code, 1) << name;
        EXPECT_THAT(refused.err, HasSubstr("cgroup-parent for systemd cgroup should be a valid slice named as"))
            << name;
    }
    docker_ok({"rm", "-f", "one"});
    systemctl({"stop", "slwown-deep.slice", "slwown.slice"});
}

TEST_F(SystemdDriver, LimitsCanBeChangedAndSystemdLeavesThemAlone) {
    docker_ok({"run", "-d", "--name", "one", "-m", "32m", "--memory-swap", "32m", "--pids-limit", "50", "box", "sleep",
               "600"});
    docker_ok({"update", "-m", "64m", "--memory-swap", "64m", "--pids-limit", "60", "one"});
    EXPECT_EQ(limit("one", "memory.max"), "67108864");
    EXPECT_EQ(limit("one", "pids.max"), "60");

    for (const char* command : {"daemon-reload", "daemon-reexec"}) {
        systemctl({command});
        EXPECT_EQ(limit("one", "memory.max"), "67108864") << command;
        EXPECT_EQ(limit("one", "pids.max"), "60") << command;
        EXPECT_EQ(property("one", "ActiveState"), "active") << command;
    }
    docker_ok({"update", "--pids-limit", "70", "one"});
    EXPECT_EQ(limit("one", "pids.max"), "70");
    docker_ok({"run", "-d", "--name", "two", "box", "sleep", "600"});
}

TEST_F(SystemdDriver, AContainerThatEndsTakesItsScopeAlong) {
    EXPECT_EQ(docker({"run", "--name", "one", "box", "sh", "-c", "exit 7"}).exit_code, 7);
    EXPECT_EQ(scopes(), "");
    docker_ok({"start", "one"});
    EXPECT_TRUE(eventually([&] { return inspect("one", "{{.State.Status}}") == "exited"; }));
    EXPECT_EQ(inspect("one", "{{.State.ExitCode}}"), "7");

    docker_ok({"run", "-d", "--name", "two", "box", "sleep", "600"});
    docker_ok({"restart", "-t", "0", "two"});
    EXPECT_EQ(property("two", "ActiveState"), "active");
    docker_ok({"stop", "-t", "0", "two"});
    EXPECT_EQ(scopes(), "");
}

TEST_F(SystemdDriver, AKillByTheMemoryLimitIsSeen) {
    const RunResult result = docker({"run", "--name", "one", "-m", "16m", "--memory-swap", "16m", "box", "sh", "-c",
                                     "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done"});

    EXPECT_EQ(result.exit_code, 137);
    EXPECT_EQ(inspect("one", "{{.State.OOMKilled}}"), "true");
    EXPECT_EQ(scopes(), "") << "failed units count as well";
}

TEST_F(SystemdDriver, ScopesOutliveTheDaemonThatMadeThem) {
    docker_ok({"run", "-d", "--name", "one", "box", "sleep", "600"});
    const std::string scope = unit("one");
    daemon->kill_daemon();
    EXPECT_EQ(systemctl({"show", "--value", "-p", "ActiveState", scope}), "active");
    daemon->start_daemon();

    EXPECT_EQ(inspect("one", "{{.State.Status}}"), "running");
    EXPECT_EQ(docker_ok({"exec", "one", "echo", "in"}), "in");
    docker_ok({"update", "--pids-limit", "40", "one"});
    EXPECT_EQ(limit("one", "pids.max"), "40");
}

TEST_F(SystemdDriver, WhatACrashLeftIsEndedByTheNextDaemon) {
    docker_ok({"run", "-d", "--name", "one", "box", "sleep", "600"});
    docker_ok({"run", "-d", "--name", "two", "box", "sleep", "600"});
    const std::string pid = inspect("one", "{{.State.Pid}}"), scope = unit("one"), id = inspect("one", "{{.Id}}");
    const std::string status = read_file("/proc/" + pid + "/status");
    const int supervisor = std::stoi(status.substr(status.find("PPid:") + 5));
    daemon->kill_daemon();
    // Nobody is left who knows of the process, and no file says where its scope is.
    ASSERT_EQ(::kill(supervisor, SIGKILL), 0);
    for (const auto& entry : fs::recursive_directory_iterator(daemon->exec_root())) {
        if (entry.path().filename() != "supervisors") continue;
        fs::remove_all(entry.path() / id);
        break;
    }
    daemon->start_daemon();

    EXPECT_TRUE(eventually([&] { return scopes().find(id) == std::string::npos; })) << scopes();
    EXPECT_FALSE(fs::exists("/proc/" + pid));
}

TEST_F(SystemdDriver, AScopeOfSomebodyElseIsNotTouched) {
    const std::string theirs = "slipway-" + std::string(64, '7') + ".scope";
    Background sleeper = Background::start({"systemd-run", "--scope", "--unit", theirs, "sleep", "600"}, "/dev/null");
    ASSERT_TRUE(eventually([&] { return scopes().find(theirs) != std::string::npos; }));
    daemon->stop_daemon();
    daemon->start_daemon();
    EXPECT_EQ(docker_ok({"run", "--rm", "box", "echo", "ran"}), "ran");

    EXPECT_THAT(scopes(), HasSubstr(theirs));
    sleeper.signal(SIGKILL);
    sleeper.wait(std::chrono::milliseconds(10'000));
    EXPECT_TRUE(eventually([&] { return scopes().find(theirs) == std::string::npos; }));
}

// On a machine without systemd.
TEST(CgroupDriverOption, NamesWhatIsMissing) {
    if (fs::is_directory("/run/systemd/system")) GTEST_SKIP() << "systemd runs this machine";
    const std::string root = ::testing::TempDir() + "slwt-driver";
    const RunResult result =
        run({std::string(tree::kBuild) + "/bin/slipwayd", "-H", "unix://" + root + ".sock", "--data-root", root,
             "--exec-root", root, "--exec-opt", "native.cgroupdriver=systemd"});

    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.out + result.err,
                HasSubstr("exec-opts native.cgroupdriver=systemd: this machine is not run by systemd: there is no "
                          "'/run/systemd/system'"));
    EXPECT_FALSE(fs::exists(root)) << "it was to leave nothing behind";
}

}  // namespace
}  // namespace slipway::testing
