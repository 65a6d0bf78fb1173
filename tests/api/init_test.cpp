// `--init`: a reaper as the first process.
#include "client.hpp"

#include <csignal>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;

class Init : public DockerClient {
protected:
    RunResult run(std::vector<std::string> arguments, const RunOptions& options = {}) const {
        std::vector<std::string> all = {"run", "--rm", "--init"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return docker(std::move(all), options);
    }
};

TEST_F(Init, IsTheFirstProcessAndTheCommandItsChild) {
    docker_ok({"run", "-d", "--init", "--name", "con", "-e", "A=1", "box", "sleep", "600"});

    EXPECT_EQ(docker_ok({"exec", "con", "sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline"}),
              "/sbin/docker-init -- sleep 600");
    EXPECT_EQ(docker_ok({"exec", "con", "cat", "/proc/1/comm"}), "docker-init");
    EXPECT_THAT(docker_ok({"exec", "con", "sh", "-c", "tr '\\0' ' ' < /proc/1/environ"}), HasSubstr("A=1"));
    EXPECT_THAT(docker_ok({"exec", "con", "sh", "-c", "cat /proc/[0-9]*/stat | grep '(sleep)'"}),
                HasSubstr("(sleep) S 1 "));
    EXPECT_EQ(docker_ok({"exec", "con", "sh", "-c", "ls /proc/1/fd | tr '\\n' ' '"}), "0 1 2 3")
        << "its streams and the command, nothing of the supervisor's";
    EXPECT_THAT(docker_ok({"exec", "con", "grep", "-E", "CapEff|Seccomp:", "/proc/1/status"}),
                HasSubstr("00000000a80425fb"));
    EXPECT_EQ(inspect("con", "{{.HostConfig.Init}}"), "true");
    EXPECT_THAT(docker({"exec", "con", "sh", "-c", "echo x >> /proc/1/exe"}).err, HasSubstr("create /proc/1/exe"))
        << "the daemon's own program, which later starts execute (CVE-2019-5736)";
    EXPECT_EQ(docker_ok({"exec", "con", "sh", "-c", "ls /sbin/docker-init 2>/dev/null; true"}), "");
}

TEST_F(Init, ExitCodesAreTheCommands) {
    EXPECT_EQ(run({"box", "true"}).exit_code, 0);
    EXPECT_EQ(run({"box", "sh", "-c", "exit 42"}).exit_code, 42);
    EXPECT_EQ(run({"box", "sh", "-c", "kill -9 $$"}).exit_code, 137);
    EXPECT_EQ(run({"box", "sh", "-c", "kill -TERM $$"}).exit_code, 143);
    EXPECT_EQ(run({"box", "echo", "hello"}).out, "hello\n");
}

TEST_F(Init, CommandsThatCannotRunFailAsWithout) {
    for (const auto& [command, code] :
         {std::pair{"/no/such", 127}, {"no-such", 127}, {"/etc/passwd", 126}, {"/etc", 126}}) {
        const RunResult with = run({"box", command});
        const RunResult without = docker({"run", "--rm", "box", command});
        EXPECT_EQ(with.exit_code, code) << command;
        EXPECT_EQ(with.err, without.err) << command;
    }
}

TEST_F(Init, SignalsReachTheCommand) {
    docker_ok({"run", "-d", "--init", "--name", "con", "box", "sh", "-c",
               "trap 'echo usr' USR1; trap 'echo term; exit 7' TERM; echo ready; while :; do sleep 0.05; done"});
    ASSERT_TRUE(eventually([&] { return docker_ok({"logs", "con"}) == "ready"; }));

    docker_ok({"kill", "-s", "USR1", "con"});
    EXPECT_TRUE(eventually([&] { return docker_ok({"logs", "con"}) == "ready\nusr"; }));
    docker_ok({"stop", "-t", "20", "con"});
    EXPECT_EQ(docker_ok({"logs", "con"}), "ready\nusr\nterm");
    EXPECT_EQ(inspect("con", "{{.State.ExitCode}}"), "7");
}

TEST_F(Init, ACommandWithoutAHandlerDiesOfSigterm) {
    docker_ok({"run", "-d", "--init", "--name", "con", "box", "sleep", "600"});

    docker_ok({"stop", "-t", "20", "con"});

    EXPECT_EQ(inspect("con", "{{.State.ExitCode}}"), "143") << "without an init, SIGTERM is ignored and 137 the code";
}

TEST_F(Init, OrphansAreReaped) {
    docker_ok({"run", "-d", "--init", "--name", "con", "box", "sh", "-c",
               "i=0; while [ $i -lt 50 ]; do (sleep 0.01 &) ; i=$((i+1)); done; echo made; exec sleep 600"});
    ASSERT_TRUE(eventually([&] { return docker_ok({"logs", "con"}) == "made"; }));

    EXPECT_TRUE(eventually([&] {
        return docker_ok({"exec", "con", "sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z ' || true"}) ==
               "0";
    }));
    EXPECT_EQ(inspect("con", "{{.State.Running}}"), "true");
}

TEST_F(Init, ATerminalIsTheCommands) {
    Terminal terminal = Terminal::start(
        daemon->docker_command({"run", "--rm", "-it", "--init", "box", "sh", "-c",
                                "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done"}),
        24, 80);
    ASSERT_TRUE(terminal.expect("ready"));
    terminal.type("\x03");

    EXPECT_TRUE(terminal.expect("interrupted"));
    EXPECT_EQ(terminal.wait(10s), 9);
}

TEST_F(Init, WorksForUsersReadOnlyRootsAndTheHostsProcesses) {
    EXPECT_EQ(run({"-u", "1234", "--read-only", "--cap-drop", "ALL", "box", "id", "-u"}).out, "1234\n");
    EXPECT_EQ(run({"--pid", "host", "box", "sh", "-c", "exit 3"}).exit_code, 3);
    EXPECT_EQ(run({"--security-opt", "no-new-privileges", "box", "grep", "NoNewPrivs", "/proc/1/status"}).out,
              "NoNewPrivs:\t1\n");
}

class InitByDefault : public Init {
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options options;
        options.config = R"({"init": true, "no-new-privileges": true,
                             "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 77, "Hard": 88}}})";
        return options;
    }
};

TEST_F(InitByDefault, TheDaemonsOptionsHoldForContainersThatSayNothing) {
    EXPECT_EQ(docker_ok({"run", "--rm", "box", "cat", "/proc/1/comm"}), "docker-init");
    EXPECT_EQ(docker_ok({"run", "--rm", "--init=false", "box", "cat", "/proc/1/comm"}), "cat");
    EXPECT_EQ(docker_ok({"run", "--rm", "box", "sh", "-c", "ulimit -n; ulimit -Hn"}), "77\n88");
    EXPECT_EQ(docker_ok({"run", "--rm", "--ulimit", "nofile=99", "box", "sh", "-c", "ulimit -n"}), "99");
    EXPECT_EQ(docker_ok({"run", "--rm", "box", "grep", "NoNewPrivs", "/proc/self/status"}), "NoNewPrivs:\t1");
    EXPECT_EQ(docker_ok({"run", "--rm", "--security-opt", "no-new-privileges=false", "box", "grep", "NoNewPrivs",
                         "/proc/self/status"}),
              "NoNewPrivs:\t0");
}

}  // namespace
}  // namespace slipway::testing
