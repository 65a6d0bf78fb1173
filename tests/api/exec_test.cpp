// `docker exec` against real containers.
#include "client.hpp"

#include <csignal>
#include <filesystem>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Not;

class Exec : public DockerClient {
protected:
    void SetUp() override {
        DockerClient::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        docker_ok({"run", "-d", "--name", "con", "-e", "A=1", "box", "sleep", "600"});
    }
    RunResult exec(std::vector<std::string> arguments, const RunOptions& options = {}) const {
        arguments.insert(arguments.begin(), "exec");
        return docker(std::move(arguments), options);
    }
    std::string exec_ok(std::vector<std::string> arguments) const {
        const RunResult result = exec(std::move(arguments));
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return trimmed(result.out);
    }
};

TEST_F(Exec, OutputAndExitCodeComeBack) {
    const RunResult both = exec({"con", "sh", "-c", "echo out; echo err >&2; exit 42"});

    EXPECT_EQ(both.out, "out\n");
    EXPECT_EQ(both.err, "err\n");
    EXPECT_EQ(both.exit_code, 42);
    EXPECT_EQ(docker_ok({"logs", "con"}), "") << "the output is the exec's client's alone";
    EXPECT_EQ(inspect("con", "{{.State.Status}}"), "running");
}

TEST_F(Exec, CommandsThatCannotRunAnswer126And127) {
    const RunResult missing = exec({"con", "no-such-command"});
    EXPECT_EQ(missing.exit_code, 127);
    EXPECT_THAT(missing.out + missing.err, HasSubstr("executable file not found in $PATH"));
    const RunResult denied = exec({"con", "/etc/passwd"});
    EXPECT_EQ(denied.exit_code, 126);
    EXPECT_THAT(denied.out + denied.err, HasSubstr("permission denied"));
    const RunResult directory = exec({"con", "/etc"});
    EXPECT_EQ(directory.exit_code, 126);
    const RunResult nowhere = exec({"-w", "/nowhere", "con", "true"});
    EXPECT_THAT(nowhere.exit_code, ::testing::AnyOf(126, 127));
    EXPECT_THAT(nowhere.out + nowhere.err, HasSubstr("/nowhere"));
    EXPECT_EQ(exec_ok({"con", "echo", "well"}), "well");
}

// As docker:dind and systemd do: the first process makes a group for itself and passes controllers on to it.
TEST_F(Exec, EntersContainersThatMakeGroupsOfTheirOwn) {
    if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) != 0)
        return;  // v1 groups may always hold processes; tests/vm
    docker_ok({"run", "-d", "--privileged", "--name", "nests", "box", "sh", "-c",
               "cd /sys/fs/cgroup && mkdir init && echo 1 >init/cgroup.procs && "
               "echo +pids +memory >cgroup.subtree_control && echo ready && exec sleep 600"});
    ASSERT_TRUE(eventually([&] { return docker({"logs", "nests"}).out == "ready\n"; }));

    EXPECT_EQ(exec_ok({"nests", "cat", "/proc/self/cgroup"}), "0::/init");
}

TEST_F(Exec, UserDirectoryAndEnvironmentAreItsOwn) {
    EXPECT_EQ(exec_ok({"con", "sh", "-c", "echo $A $(id -u) $(pwd)"}), "1 0 /");
    EXPECT_EQ(exec_ok({"-u", "1234:567", "-w", "/tmp", "-e", "A=2", "-e", "B=3", "con", "sh", "-c",
                       "echo $A $B $(id -u):$(id -g) $(pwd)"}),
              "2 3 1234:567 /tmp");
}

TEST_F(Exec, StdinArrivesToTheByteAndEnds) {
    std::string bytes;
    for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>(i * 7 % 251);
    RunOptions with_input;
    with_input.input = bytes;

    const RunResult counted = exec({"-i", "con", "wc", "-c"}, with_input);
    const RunResult echoed = exec({"-i", "con", "cat"}, with_input);

    EXPECT_EQ(trimmed(counted.out), std::to_string(bytes.size()));
    EXPECT_EQ(echoed.out, bytes);
    EXPECT_EQ(exec({"con", "cat"}, with_input).out, "") << "without -i it reads the end of file";
}

TEST_F(Exec, ATerminalIsOne) {
    Terminal terminal = Terminal::start(
        daemon->docker_command({"exec", "-it", "con", "sh", "-c", "tty; stty size; read x; echo got $x; exit 7"}), 33,
        99);

    EXPECT_TRUE(terminal.expect("/dev/pts/")) << terminal.screen();
    terminal.type("word\n");
    EXPECT_TRUE(terminal.expect("got word")) << terminal.screen();
    EXPECT_EQ(terminal.wait(10s), 7);
}

TEST_F(Exec, ATerminalFollowsItsWindow) {
    Terminal terminal = Terminal::start(
        daemon->docker_command({"exec", "-it", "con", "sh", "-c", "while read x; do stty size; done"}), 33, 99);
    EXPECT_TRUE(eventually([&] {
        terminal.type("\n");
        return terminal.expect("33 99", 500ms);
    })) << terminal.screen();
    terminal.resize(44, 111);
    EXPECT_TRUE(eventually([&] {
        terminal.type("\n");
        return terminal.expect("44 111", 500ms);
    })) << terminal.screen();
    terminal.type("\x10\x11");  // the detach keys leave it running
    EXPECT_TRUE(terminal.wait(10s).has_value());
    EXPECT_EQ(inspect("con", "{{.State.Status}}"), "running");
}

TEST_F(Exec, ADetachedOneRunsOn) {
    EXPECT_EQ(exec_ok({"-d", "con", "sh", "-c", "echo here > /tmp/mark; sleep 600"}), "");
    EXPECT_TRUE(eventually([&] { return exec({"con", "cat", "/tmp/mark"}).out == "here\n"; }));
    EXPECT_NE(inspect("con", "{{json .ExecIDs}}"), "null");
}

TEST_F(Exec, IsConfinedAsTheContainer) {
    const std::string own = exec_ok({"con", "sh", "-c", "grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status"});
    const std::string first = exec_ok({"con", "sh", "-c", "grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/1/status"});
    EXPECT_EQ(own, first);
    EXPECT_THAT(own, HasSubstr("00000000a80425fb"));
    EXPECT_EQ(exec_ok({"-u", "1000", "con", "sh", "-c", "grep CapEff /proc/self/status"}), "CapEff:\t0000000000000000");
    for (const char* name : {"pid", "mnt", "net", "ipc", "uts", "cgroup"}) {
        const std::string path = std::string("/ns/") + name;
        EXPECT_EQ(exec_ok({"con", "readlink", "/proc/self" + path}), exec_ok({"con", "readlink", "/proc/1" + path}));
    }
    // `sed` leaves the paths only: the hierarchies' numbers are the same anyway.
    EXPECT_EQ(exec_ok({"con", "cat", "/proc/self/cgroup"}), exec_ok({"con", "cat", "/proc/1/cgroup"}));
    const std::string pid = inspect("con", "{{.State.Pid}}");
    exec_ok({"-d", "con", "sleep", "601"});
    const std::string groups = read_file("/proc/" + pid + "/cgroup");
    const std::string tasks = docker_ok({"exec", "con", "pidof", "sleep"});
    EXPECT_THAT(tasks, HasSubstr(" ")) << "both are among the container's processes";
    EXPECT_THAT(groups, HasSubstr(inspect("con", "{{.Id}}")));
}

TEST_F(Exec, NoDescriptorOfTheHostIsPassedOn) {  // CVE-2024-21626
    // Without a pipe, whose ends the shell has open for a moment.
    EXPECT_EQ(exec_ok({"con", "sh", "-c", "ls /proc/$$/fd; true"}), "0\n1\n2");
    EXPECT_EQ(exec_ok({"con", "sh", "-c", "cd /proc/$$/cwd && pwd -P"}), "/");
    for (int fd = 3; fd < 16; ++fd) {
        const std::string directory = "/proc/self/fd/" + std::to_string(fd);
        const RunResult outside = exec({"-w", directory, "con", "sh", "-c", "pwd -P"});
        EXPECT_NE(outside.exit_code, 0) << directory << " led to " << outside.out;
        EXPECT_NE(exec({"-w", directory + "/../../..", "con", "pwd"}).exit_code, 0) << directory;
    }
}

TEST_F(Exec, TheHostsProgramsCannotBeReachedThroughIt) {  // CVE-2019-5736
    // A program that is a link to whatever executes it: the helper on its way in.
    exec_ok({"con", "sh", "-c", "ln -s /proc/self/exe /tmp/self"});
    (void)exec({"con", "/tmp/self"});
    const RunResult opened =
        exec({"con", "sh", "-c", "exec 3<>/proc/self/exe 2>/dev/null && echo written; readlink /proc/self/exe"});
    EXPECT_THAT(opened.out, Not(HasSubstr("slipway")));
}

TEST_F(Exec, Sf56_ExecsOfAnEndedContainerAreForgotten) {
    const RunResult created = daemon->http("POST", "/v1.43/containers/con/exec", R"({"Cmd": ["sleep", "600"]})");
    const size_t at = created.out.find("\"Id\":\"");
    ASSERT_NE(at, std::string::npos) << created.out;
    const std::string id = created.out.substr(at + 6, 64);
    EXPECT_THAT(daemon->http("POST", "/v1.43/exec/" + id + "/start", R"({"Detach": true})").out,
                ::testing::EndsWith("200"));
    EXPECT_THAT(daemon->http("GET", "/v1.43/exec/" + id + "/json").out, HasSubstr("\"Running\":true"));

    docker_ok({"kill", "con"});

    const RunResult forgotten = daemon->http("GET", "/v1.43/exec/" + id + "/json");
    EXPECT_EQ(trimmed(forgotten.out), "{\"message\":\"No such exec instance: " + id + "\"}\n\n404");
    EXPECT_THAT(daemon->http("POST", "/v1.43/exec/" + id + "/start", R"({"Detach": true})").out,
                ::testing::EndsWith("404"));
}

TEST_F(Exec, IsRefusedWhereNothingRuns) {
    docker_ok({"pause", "con"});
    EXPECT_THAT(exec({"con", "true"}).err, HasSubstr("is paused, unpause the container before exec"));
    docker_ok({"unpause", "con"});
    docker_ok({"stop", "-t", "0", "con"});
    EXPECT_THAT(exec({"con", "true"}).err, HasSubstr("is not running"));
    EXPECT_THAT(daemon->http("POST", "/v1.43/exec/nope/start", "{}").out, HasSubstr("No such exec instance: nope"));
}

TEST_F(Exec, EventsTellOfIt) {
    EXPECT_EQ(exec({"con", "sh", "-c", "exit 3"}).exit_code, 3);
    std::string events;
    EXPECT_TRUE(eventually([&] {
        events = events_so_far({"--filter", "container=con", "--format", "{{.Action}} {{.Actor.Attributes.exitCode}}"});
        return events.find("exec_die 3") != std::string::npos;
    }));
    EXPECT_THAT(events, HasSubstr("exec_create: sh -c exit 3"));
    EXPECT_THAT(events, HasSubstr("exec_start: sh -c exit 3"));
}

TEST_F(Exec, LeavesNothingBehind) {
    exec_ok({"con", "true"});
    const MachineState before = daemon->machine_at_rest();

    for (int i = 0; i < 5; ++i) {
        exec_ok({"con", "true"});
        (void)exec({"con", "no-such-command"});
        (void)exec({"-w", "/nowhere", "con", "true"});
    }

    EXPECT_EQ(daemon->leaks_since(before), "");
}

TEST_F(Exec, EndsWithItsContainer) {
    docker_ok({"rm", "-f", "con"});
    const MachineState before = daemon->machine_at_rest();
    docker_ok({"run", "-d", "--name", "other", "box", "sleep", "600"});
    Background attached =
        Background::start(daemon->docker_command({"exec", "other", "sleep", "601"}), daemon->root() + "/exec.out");
    docker_ok({"exec", "-d", "other", "sleep", "602"});
    EXPECT_TRUE(eventually([&] { return docker_ok({"exec", "other", "ps"}).find("601") != std::string::npos; }));

    docker_ok({"rm", "-f", "other"});

    EXPECT_TRUE(attached.wait(10s).has_value()) << "the client sees the end";
    EXPECT_EQ(daemon->leaks_since(before), "");
}

// The pid of the process whose command line has `word` in it; 0 when there is none.
pid_t find_process(const std::string& word) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        if (read_file("/proc/" + name + "/cmdline").find(word) != std::string::npos) {
            return static_cast<pid_t>(std::stol(name));
        }
    }
    return 0;
}

TEST_F(Exec, WithoutItsSupervisorItIsKilledAndCountsAsLost) {
    exec_ok({"-d", "con", "sleep", "6543"});
    const std::string ids = inspect("con", "{{index .ExecIDs 0}}");
    const pid_t supervisor = find_process(ids);
    ASSERT_GT(supervisor, 0);

    ASSERT_EQ(kill(supervisor, SIGKILL), 0);

    EXPECT_TRUE(eventually([&] {
        return daemon->http("GET", "/v1.43/exec/" + ids + "/json").out.find("\"ExitCode\":255") != std::string::npos;
    }));
    EXPECT_TRUE(eventually([&] { return find_process("6543") == 0; }));
    EXPECT_EQ(inspect("con", "{{.State.Status}}"), "running");
}

TEST_F(Exec, OurOwnClientDoesTheSame) {
    RunOptions with_input;
    with_input.input = "to slipway";
    const RunResult echoed = daemon->slipway({"exec", "-i", "con", "cat"}, with_input);
    EXPECT_EQ(echoed.out, "to slipway") << echoed.err;
    EXPECT_EQ(daemon
                  ->slipway({"exec", "-u", "7", "-w", "/tmp", "-e", "X=y", "con", "sh", "-c",
                             "echo $(id -u) $(pwd) $X; exit 42"})
                  .exit_code,
              42);
    EXPECT_EQ(daemon->slipway({"exec", "con", "no-such-command"}).exit_code, 127);
    EXPECT_EQ(daemon->slipway({"exec", "-d", "con", "sleep", "600"}).exit_code, 0);
}

}  // namespace
}  // namespace slipway::testing
