// The docker client's everyday commands, one test each.
#include "client.hpp"

#include <csignal>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;

class Docker : public DockerClient {};

TEST_F(Docker, VersionNamesServerAndApi) {
    const std::string text =
        docker_ok({"version", "-f", "{{.Server.APIVersion}} {{.Server.MinAPIVersion}} {{.Server.Os}}"});

    EXPECT_EQ(text, "1.51 1.22 linux");
}

TEST_F(Docker, InfoListsBackendsAsRuntimes) {
    const std::string text = docker_ok({"info", "-f", "{{json .Runtimes}} {{.DefaultRuntime}} {{.Images}}"});

    EXPECT_THAT(text, HasSubstr("\"linux\""));
    EXPECT_THAT(text, HasSubstr(" linux 1"));
}

TEST_F(Docker, ImportMakesAnImageThatRuns) {
    const std::string id = docker_ok({"import", "-c", "CMD [\"echo\",\"imported\"]", default_image_tar(), "mine:v1"});

    EXPECT_THAT(id, StartsWith("sha256:"));
    EXPECT_EQ(docker_ok({"run", "--rm", "mine:v1"}), "imported");
    EXPECT_THAT(docker_ok({"images", "--format", "{{.Repository}}:{{.Tag}}"}), HasSubstr("mine:v1"));
}

TEST_F(Docker, LoadTakesADockerArchive) {
    // As `docker save` writes it: a manifest, a configuration that names its layers by digest, and the layers.
    const std::string directory = daemon->root() + "/archive";
    ASSERT_EQ(run({"mkdir", directory}).exit_code, 0);
    ASSERT_EQ(run({"cp", default_image_tar(), directory + "/layer.tar"}).exit_code, 0);
    const std::string digest = run({"sha256sum", directory + "/layer.tar"}).out.substr(0, 64);
    write_file(directory + "/config.json", R"({"architecture":"amd64","os":"linux","config":{"Cmd":["echo","loaded"]},)"
                                           R"("rootfs":{"type":"layers","diff_ids":["sha256:)" +
                                               digest + "\"]}}");
    write_file(directory + "/manifest.json",
               R"([{"Config":"config.json","RepoTags":["loaded:v1"],"Layers":["layer.tar"]}])");
    const std::string archive = daemon->root() + "/archive.tar";
    ASSERT_EQ(run({"tar", "-C", directory, "-cf", archive, "manifest.json", "config.json", "layer.tar"}).exit_code, 0);

    EXPECT_THAT(docker_ok({"load", "-i", archive}), HasSubstr("loaded:v1"));

    EXPECT_EQ(docker_ok({"run", "--rm", "loaded:v1"}), "loaded");
}

TEST_F(Docker, RunPrintsWhatTheCommandPrints) {
    const MachineState before = daemon->machine_at_rest();

    const RunResult result = docker({"run", "--rm", "box", "sh", "-c", "echo hi; echo oops >&2"});

    EXPECT_EQ(result.exit_code, 0) << result.err << daemon->log();
    EXPECT_EQ(result.out, "hi\n");
    EXPECT_EQ(result.err, "oops\n");
    EXPECT_TRUE(eventually([&] { return docker_ok({"ps", "-aq"}).empty(); })) << "--rm left the container";
    EXPECT_EQ(daemon->leaks_since(before).find("+ mounts"), std::string::npos);
}

TEST_F(Docker, ExitCodesAreTheCommands) {
    EXPECT_EQ(docker({"run", "--rm", "box", "sh", "-c", "exit 42"}).exit_code, 42);
    // From outside: the kernel protects the first process of a pid name space from its own SIGKILL.
    docker_ok({"run", "-d", "--name", "killed", "box", "sleep", "600"});
    docker_ok({"kill", "killed"});
    EXPECT_EQ(docker_ok({"wait", "killed"}), "137");
}

TEST_F(Docker, MissingCommandIs127) {
    const RunResult result = docker({"run", "--rm", "box", "nosuchcommand"});

    EXPECT_EQ(result.exit_code, 127) << result.err;
    EXPECT_THAT(result.err, HasSubstr("nosuchcommand"));
}

TEST_F(Docker, NonExecutableCommandIs126) {
    const RunResult result = docker({"run", "--rm", "box", "/etc/passwd"});

    EXPECT_EQ(result.exit_code, 126) << result.err;
    EXPECT_THAT(result.err, HasSubstr("permission denied"));
}

TEST_F(Docker, InputOf100MegabytesComesBackByteExact) {
    std::string data(100'000'000, '\0');
    uint64_t x = 88172645463325252ULL;  // xorshift: every byte value, no pattern the stream could hide behind
    for (char& c : data) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        c = static_cast<char>(x >> 24);
    }
    RunOptions options;
    options.input = data;
    options.timeout = 120s;

    const RunResult result = docker({"run", "-i", "--rm", "--log-driver", "none", "box", "cat"}, options);

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out.size(), data.size());
    EXPECT_TRUE(result.out == data);
}

TEST_F(Docker, TerminalFollowsAResize) {
    Terminal terminal = Terminal::start(daemon->docker_command({"run", "-it", "--rm", "box", "sh"}), 24, 80);
    ASSERT_TRUE(terminal.expect("#")) << terminal.screen();
    // docker sets the size right after the start; asking again is what a person would do.
    EXPECT_TRUE(eventually([&] {
        terminal.forget();
        terminal.type("stty size\n");
        return terminal.expect("24 80", 500ms);
    })) << terminal.screen();

    terminal.resize(40, 133);

    EXPECT_TRUE(eventually([&] {
        terminal.forget();
        terminal.type("stty size\n");
        return terminal.expect("40 133", 500ms);
    })) << terminal.screen();
    terminal.type("exit 7\n");
    EXPECT_EQ(terminal.wait(10s), 7);
}

TEST_F(Docker, PublishedPortAnswersOnLoopbackAndHostAddress) {
    const std::string port = std::to_string(free_port());
    docker_ok({"run", "-d", "--name", "web", "-p", port + ":80", "box", "httpd", "-f", "-h", "/var/www"});
    const auto answers = [&](const std::string& address) {
        return run({"curl", "-s", "--max-time", "5", "http://" + address + ":" + port + "/"}).out;
    };

    EXPECT_TRUE(eventually([&] { return answers("127.0.0.1").find("Hello from Slipway") != std::string::npos; }));
    ASSERT_NE(host_address(), "") << "this machine has no address besides loopback";
    EXPECT_THAT(answers(host_address()), HasSubstr("Hello from Slipway"));
    EXPECT_THAT(docker_ok({"ps", "--format", "{{.Ports}}"}), HasSubstr(port + "->80/tcp"));
    EXPECT_THAT(docker_ok({"port", "web"}), HasSubstr(port));
}

TEST_F(Docker, ContainersReachEachOtherAndTheGateway) {
    docker_ok({"run", "-d", "--name", "server", "box", "httpd", "-f", "-h", "/var/www"});
    const std::string address = inspect("server", "{{.NetworkSettings.IPAddress}}");

    const RunResult result = docker({"run", "--rm", "box", "wget", "-q", "-O", "-", "http://" + address + "/"});

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("Hello from Slipway"));
}

TEST_F(Docker, PsShowsNameImageAndState) {
    docker_ok({"run", "-d", "--name", "sleeper", "--label", "tier=db", "box", "sleep", "600"});
    docker_ok({"create", "--name", "fresh", "box", "true"});

    EXPECT_EQ(docker_ok({"ps", "--format", "{{.Names}} {{.Image}} {{.State}}"}), "sleeper box running");
    EXPECT_THAT(docker_ok({"ps", "-a", "--format", "{{.Names}} {{.State}}"}), HasSubstr("fresh created"));
    EXPECT_EQ(docker_ok({"ps", "-a", "--filter", "label=tier=db", "--format", "{{.Names}}"}), "sleeper");
    EXPECT_EQ(docker_ok({"ps", "-a", "--filter", "status=created", "--format", "{{.Names}}"}), "fresh");
}

TEST_F(Docker, LogsFollowUntilTheEnd) {
    docker_ok(
        {"run", "-d", "--name", "talker", "box", "sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done"});

    const RunResult followed = docker({"logs", "-f", "talker"});

    EXPECT_EQ(followed.out, "line 1\nline 2\nline 3\nline 4\nline 5\n");
    EXPECT_EQ(docker_ok({"logs", "--tail", "2", "talker"}), "line 4\nline 5");
    EXPECT_THAT(docker_ok({"logs", "-t", "--tail", "1", "talker"}), HasSubstr("Z line 5"));
}

TEST_F(Docker, StopSendsTermThenKill) {
    docker_ok({"run", "-d", "--name", "polite", "box", "sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.05; done"});
    docker_ok({"run", "-d", "--name", "stubborn", "box", "sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"});

    docker_ok({"stop", "-t", "10", "polite"});
    const auto began = std::chrono::steady_clock::now();
    docker_ok({"stop", "-t", "1", "stubborn"});
    const auto took = std::chrono::steady_clock::now() - began;

    EXPECT_EQ(inspect("polite", "{{.State.ExitCode}} {{.State.Status}}"), "3 exited");
    EXPECT_EQ(inspect("stubborn", "{{.State.ExitCode}} {{.State.Status}}"), "137 exited");
    EXPECT_GE(took, 1s);
}

TEST_F(Docker, WaitReturnsTheExitCode) {
    docker_ok({"run", "-d", "--name", "late", "box", "sh", "-c", "sleep 0.3; exit 9"});
    EXPECT_EQ(docker_ok({"wait", "late"}), "9");
}

TEST_F(Docker, RemoveRefusesARunningContainerUnlessForced) {
    docker_ok({"run", "-d", "--name", "busy", "box", "sleep", "600"});

    const RunResult refused = docker({"rm", "busy"});
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.err, HasSubstr("container is running"));
    EXPECT_EQ(docker_ok({"rm", "-f", "busy"}), "busy");
    EXPECT_EQ(docker_ok({"ps", "-aq"}), "");
}

TEST_F(Docker, EventsTellALifeInOrder) {
    docker_ok({"run", "--name", "story", "box", "true"});
    docker_ok({"rm", "story"});
    std::this_thread::sleep_for(1100ms);  // the client cuts "now" to whole seconds

    const std::string text = docker_ok(
        {"events", "--since", "10m", "--until", "0s", "--filter", "container=story", "--format", "{{.Action}}"});

    std::string seen;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) seen += line + " ";
    EXPECT_THAT(seen, StartsWith("create "));
    EXPECT_LT(seen.find("start "), seen.find("die "));
    EXPECT_LT(seen.find("die "), seen.find("destroy "));
}

TEST_F(Docker, AttachReceivesOutputAndDetaches) {
    docker_ok({"run", "-dit", "--name", "shell", "box", "sh"});
    Terminal terminal = Terminal::start(daemon->docker_command({"attach", "shell"}), 24, 80);

    terminal.type("echo $((40+2))\n");
    EXPECT_TRUE(terminal.expect("42")) << terminal.screen();
    terminal.type("\x10\x11");  // ctrl-p ctrl-q

    EXPECT_TRUE(terminal.wait(10s).has_value()) << "attach did not end on the detach keys";
    EXPECT_EQ(inspect("shell", "{{.State.Status}}"), "running");
}

TEST_F(Docker, RestartAndRename) {
    docker_ok({"run", "-d", "--name", "one", "box", "sleep", "600"});
    const std::string first = inspect("one", "{{.State.Pid}}");

    docker_ok({"restart", "-t", "0", "one"});
    docker_ok({"rename", "one", "two"});

    EXPECT_NE(inspect("two", "{{.State.Pid}}"), first);
    EXPECT_EQ(inspect("two", "{{.State.Status}} {{.Name}}"), "running /two");
}

TEST_F(Docker, KillDeliversTheSignal) {
    docker_ok({"run", "-d", "--name", "target", "box", "sh", "-c", "trap 'exit 5' USR1; while :; do sleep 0.05; done"});
    EXPECT_TRUE(eventually([&] { return inspect("target", "{{.State.Running}}") == "true"; }));
    std::this_thread::sleep_for(300ms);  // the shell must have set its trap

    docker_ok({"kill", "-s", "USR1", "target"});

    EXPECT_EQ(docker_ok({"wait", "target"}), "5");
}

TEST_F(Docker, BindMountsAndTmpfsAreThere) {
    write_file(daemon->root() + "/note", "from the host");

    const std::string text =
        docker_ok({"run", "--rm", "-v", daemon->root() + ":/data:ro", "--tmpfs", "/scratch:size=1m", "box", "sh", "-c",
                   "cat /data/note; echo; touch /data/x 2>&1; touch /scratch/y && echo fine"});

    EXPECT_THAT(text, StartsWith("from the host\n"));
    EXPECT_THAT(text, HasSubstr("Read-only file system"));
    EXPECT_THAT(text, HasSubstr("fine"));
}

TEST_F(Docker, NetworkNoneAndHost) {
    EXPECT_EQ(docker_ok({"run", "--rm", "--network", "none", "box", "ls", "/sys/class/net"}), "lo");
    docker_ok({"run", "--rm", "box", "true"});  // the bridge is made at its first use
    EXPECT_THAT(docker_ok({"run", "--rm", "--network", "host", "box", "ls", "/sys/class/net"}),
                HasSubstr(daemon->bridge()));
    EXPECT_EQ(docker_ok({"network", "ls", "--format", "{{.Name}} {{.Driver}}"}), "bridge bridge\nhost host\nnone null");
}

TEST_F(Docker, NamesResolveInsideTheContainer) {
    const std::string text =
        docker_ok({"run", "--rm", "--hostname", "ship", "--add-host", "peer:192.0.2.7", "--dns", "192.0.2.53", "box",
                   "sh", "-c", "hostname; cat /etc/hosts /etc/resolv.conf /etc/hostname"});

    EXPECT_THAT(text, StartsWith("ship\n"));
    EXPECT_THAT(text, HasSubstr("192.0.2.7\tpeer"));
    EXPECT_THAT(text, HasSubstr("nameserver 192.0.2.53"));
}

}  // namespace
}  // namespace slipway::testing
