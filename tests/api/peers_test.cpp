// Containers that name others: shared namespaces and links.
#include "client.hpp"

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Not;

class PeersOverHttp : public DockerClient {
protected:
    std::string refusal(std::vector<std::string> arguments) const {
        const RunResult result = docker(std::move(arguments));
        EXPECT_NE(result.exit_code, 0);
        return result.err;
    }
    std::string create(const std::string& body) const {
        return daemon->http("POST", "/v1.43/containers/create?name=me", body).out;
    }
    // "<status> <message>" of a start.
    std::string start(const std::string& container) const {
        const std::string out = daemon->http("POST", "/v1.43/containers/" + container + "/start").out;
        const size_t line = out.rfind('\n', out.size() - 2);
        return trimmed(out.substr(line + 1)) + " " + trimmed(out.substr(0, line));
    }
};

TEST_F(PeersOverHttp, ANetworkIsShared) {
    docker_ok({"run", "-d", "--name", "owner", "--hostname", "ship", "box", "httpd", "-f", "-h", "/var/www"});
    const std::string text =
        docker_ok({"run", "--rm", "--network", "container:owner", "box", "sh", "-c",
                   "hostname; readlink /proc/self/ns/net; cat /etc/hosts; wget -q -O - http://127.0.0.1/"});
    EXPECT_THAT(text, StartsWith("ship\n"));
    EXPECT_THAT(text, HasSubstr("Hello from Slipway"));
    EXPECT_THAT(text, HasSubstr(inspect("owner", "{{.NetworkSettings.IPAddress}}") + "\tship"));
    const std::string pid = inspect("owner", "{{.State.Pid}}");
    EXPECT_THAT(text, HasSubstr(trimmed(run({"readlink", "/proc/" + pid + "/ns/net"}).out)));

    docker_ok({"run", "-d", "--name", "guest", "--network", "container:owner", "box", "sleep", "600"});
    EXPECT_EQ(inspect("guest", "{{.HostConfig.NetworkMode}}"), "container:" + inspect("owner", "{{.Id}}"));
    EXPECT_EQ(inspect("guest", "{{len .NetworkSettings.Networks}}"), "0");
    EXPECT_EQ(inspect("guest", "{{.HostsPath}}"), inspect("owner", "{{.HostsPath}}"));
    daemon->kill_daemon();
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");
    EXPECT_EQ(inspect("guest", "{{.State.Status}}"), "running");
    EXPECT_EQ(docker_ok({"run", "--rm", "--network", "container:guest", "box", "hostname"}), "ship");
    EXPECT_THAT(refusal({"create", "--network", "container:owner", "-p", "1:1", "box", "true"}),
                HasSubstr("conflicting options: port publishing and the container type network mode"));
    EXPECT_THAT(refusal({"create", "--network", "container:owner", "--hostname", "x", "box", "true"}),
                HasSubstr("conflicting options: hostname and the network mode"));
}

TEST_F(PeersOverHttp, AnIpcNamespaceIsShared) {
    docker_ok({"run", "-d", "--name", "owner", "--ipc", "shareable", "box", "sh", "-c",
               "echo there > /dev/shm/f; sleep 600"});
    docker_ok({"run", "-d", "--name", "private", "--ipc", "private", "box", "sleep", "600"});
    EXPECT_TRUE(eventually([&] {
        return docker({"run", "--rm", "--ipc", "container:owner", "box", "cat", "/dev/shm/f"}).out == "there\n";
    }));
    const std::string pid = inspect("owner", "{{.State.Pid}}");
    EXPECT_EQ(docker_ok({"run", "--rm", "--ipc", "container:owner", "box", "readlink", "/proc/self/ns/ipc"}),
              trimmed(run({"readlink", "/proc/" + pid + "/ns/ipc"}).out));
    EXPECT_THAT(refusal({"run", "--ipc", "container:private", "box", "true"}),
                HasSubstr("non-shareable IPC (hint: use IpcMode:shareable for the donor container)"));
    // By hand: the client takes a 404 for a missing image.
    EXPECT_THAT(create(R"({"Image":"box","HostConfig":{"IpcMode":"container:nobody"}})"),
                HasSubstr("No such container: nobody\"}\n\n404"));
    EXPECT_NE(docker({"run", "--rm", "--ipc", "none", "box", "touch", "/dev/shm/x"}).exit_code, 0);
}

TEST_F(PeersOverHttp, APidNamespaceIsShared) {
    docker_ok({"run", "-d", "--name", "owner", "box", "sleep", "600"});
    const std::string text =
        docker_ok({"run", "--rm", "--pid", "container:owner", "box", "sh", "-c", "cat /proc/1/cmdline | tr '\\0' ' '"});
    EXPECT_EQ(text, "sleep 600");
    docker_ok({"run", "-d", "--name", "guest", "--pid", "container:owner", "box", "sleep", "700"});
    docker_ok({"stop", "-t", "0", "guest"});
    EXPECT_EQ(inspect("owner", "{{.State.Status}}"), "running");
    EXPECT_THAT(
        refusal({"run", "--pid", "container:guest", "box", "true"}),
        HasSubstr("failed to join PID namespace: container " + inspect("guest", "{{.Id}}") + " is not running"));
}

// The docker client knows `container:` only for the other modes.
TEST_F(PeersOverHttp, AUtsNamespaceIsShared) {
    docker_ok({"run", "-d", "--name", "owner", "--hostname", "ship", "--cap-add", "SYS_ADMIN", "box", "sleep", "600"});
    const std::string body =
        R"({"Image":"box","Cmd":["sh","-c","readlink /proc/self/ns/uts; hostname; cat /etc/hostname; echo $HOSTNAME"],)"
        R"("HostConfig":{"UTSMode":"container:owner"}})";
    EXPECT_THAT(create(body), HasSubstr("201"));
    EXPECT_EQ(inspect("me", "{{.HostConfig.UTSMode}}"), "container:" + inspect("owner", "{{.Id}}"));
    const std::string uts = trimmed(run({"readlink", "/proc/" + inspect("owner", "{{.State.Pid}}") + "/ns/uts"}).out);
    EXPECT_EQ(docker_ok({"start", "-a", "me"}), uts + "\nship\nship\nship");
    docker_ok({"exec", "owner", "hostname", "boat"});  // what is there now, not what was asked for once
    EXPECT_THAT(docker_ok({"start", "-a", "me"}), StartsWith(uts + "\nboat\n"));

    docker_ok({"stop", "-t", "0", "owner"});
    EXPECT_EQ(start("me"), "409 {\"message\":\"failed to join UTS namespace: container " + inspect("owner", "{{.Id}}") +
                               " is not running\"}");
    docker_ok({"rm", "me"});
    EXPECT_THAT(create(R"({"Image":"box","HostConfig":{"UTSMode":"container:nobody"}})"),
                HasSubstr("No such container: nobody\"}\n\n404"));
    EXPECT_THAT(create(R"({"Image":"box","Hostname":"x","HostConfig":{"UTSMode":"container:owner"}})"),
                HasSubstr("conflicting options: hostname and the UTS mode"));
    EXPECT_THAT(create(R"({"Image":"box","HostConfig":{"UTSMode":"container:"}})"),
                HasSubstr("invalid name or ID supplied"));
}

TEST_F(PeersOverHttp, ACgroupNamespaceIsShared) {
    docker_ok({"run", "-d", "--name", "owner", "box", "sleep", "600"});
    const std::string body =
        R"({"Image":"box","Cmd":["sh","-c","readlink /proc/self/ns/cgroup; cat /proc/self/cgroup; echo --;)"
        R"( cat $(find /sys/fs/cgroup -name cgroup.procs -maxdepth 2 | head -n 1); echo --;)"
        R"( ls /sys/fs/cgroup /sys/fs/cgroup/memory | grep slipway"],"HostConfig":{"CgroupnsMode":"container:OWNER"}})";
    const auto create_joining = [&](const std::string& owner) {
        std::string text = body;
        text.replace(text.find("OWNER"), 5, owner);
        EXPECT_THAT(create(text), HasSubstr("201"));
    };
    create_joining("owner");
    const std::string id = inspect("me", "{{.Id}}"), pid = inspect("owner", "{{.State.Pid}}");
    EXPECT_EQ(inspect("me", "{{.HostConfig.CgroupnsMode}}"), "container:" + inspect("owner", "{{.Id}}"));
    const std::string text = docker({"start", "-a", "me"}).out;
    EXPECT_THAT(text, StartsWith(trimmed(run({"readlink", "/proc/" + pid + "/ns/cgroup"}).out) + "\n"));
    // Its own groups lie beside the owner's, and the view is the owner's.
    EXPECT_THAT(text, HasSubstr(":/../" + id + "\n"));
    // The owner's process is in another PID namespace: no number for it (v1), or 0 (v2).
    EXPECT_THAT(text, ::testing::AnyOf(::testing::EndsWith("--\n--\n"), ::testing::EndsWith("--\n0\n--\n")));

    // An owner that shares the host's shares no more than that: not the machine's groups.
    docker_ok({"run", "-d", "--name", "open", "--cgroupns", "host", "box", "sleep", "600"});
    docker_ok({"rm", "me"});
    create_joining("open");
    const std::string shared = docker({"start", "-a", "me"}).out;
    EXPECT_THAT(shared, StartsWith(trimmed(run({"readlink", "/proc/self/ns/cgroup"}).out) + "\n"));
    EXPECT_THAT(shared, HasSubstr("/" + inspect("me", "{{.Id}}") + "\n"));
    if (access("/sys/fs/cgroup/memory", F_OK) == 0) {
        EXPECT_THAT(shared, HasSubstr("--\n1\n"));  // its own group
    }

    docker_ok({"stop", "-t", "0", "open"});
    EXPECT_THAT(start("me"), StartsWith("409 {\"message\":\"failed to join cgroup namespace: container "));
}

TEST_F(PeersOverHttp, Sf36_LinkToAStoppedContainerIsRefused) {
    docker_ok({"create", "--name", "db", "box", "sleep", "600"});
    docker_ok({"create", "--name", "web", "--link", "db:sql", "box", "sleep", "600"});
    EXPECT_THAT(start("web"), StartsWith("500 {\"message\":\"Cannot link to a non running container: /db AS /web/sql"));
    EXPECT_EQ(inspect("db", "{{.State.Status}} [{{.State.Error}}]"), "created []");
    EXPECT_EQ(inspect("web", "{{.State.Status}} {{.State.ExitCode}}"), "created 128");
    docker_ok({"start", "db"});
    EXPECT_EQ(start("web"), "204 ");
}

TEST_F(PeersOverHttp, Sf37_JoiningTheNetworkOfAStoppedContainerIsRefused) {
    docker_ok({"create", "--name", "owner", "box", "true"});
    docker_ok({"create", "--name", "guest", "--network", "container:owner", "box", "true"});
    EXPECT_EQ(start("guest"),
              "409 {\"message\":\"cannot join network namespace of a non running container: container owner is "
              "created\"}");
    docker_ok({"start", "-a", "owner"});
    EXPECT_THAT(start("guest"), HasSubstr("container owner is exited"));
    docker_ok({"rm", "owner"});
    EXPECT_THAT(start("guest"),
                StartsWith("500 {\"message\":\"joining network namespace of container: No such container: "));
}

TEST_F(PeersOverHttp, Sf38_SelfReferenceFailsAtOnce) {
    const auto began = std::chrono::steady_clock::now();
    docker_ok({"create", "--name", "self", "--network", "container:self", "box", "true"});
    EXPECT_EQ(start("self"), "500 {\"message\":\"cannot join own network namespace\"}");
    EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);  // with two docker clients in between
    EXPECT_THAT(create(R"({"Image":"box","HostConfig":{"IpcMode":"container:me"}})"),
                HasSubstr("No such container: me\"}\n\n404"));
    EXPECT_THAT(refusal({"create", "--name", "me", "--link", "me:you", "box", "true"}),
                HasSubstr("cannot link to itself"));
    docker_ok({"rename", "self", "other"});
    docker_ok({"rm", "other"});
}

TEST_F(PeersOverHttp, Sf39_TwoContainersThatJoinEachOtherNeverDeadlock) {
    docker_ok({"create", "--name", "aa", "--network", "container:bb", "box", "sleep", "600"});
    docker_ok({"create", "--name", "bb", "--network", "container:aa", "box", "sleep", "600"});
    for (int round = 0; round < 100; ++round) {
        std::string first, second;
        std::thread one([&] { first = start("aa"); });
        std::thread two([&] { second = start("bb"); });
        one.join();
        two.join();
        EXPECT_THAT(first, StartsWith("409 "));
        EXPECT_THAT(second, StartsWith("409 "));
    }
    docker_ok({"rm", "aa", "bb"});
}

TEST_F(PeersOverHttp, LinksGiveNamesAndVariablesAndFollowTheTarget) {
    docker_ok({"run", "-d", "--name", "db", "--expose", "80", "-e", "WHO=db", "box", "httpd", "-f", "-h", "/var/www"});
    docker_ok({"run", "-d", "--name", "web", "--link", "db:sql", "box", "sh", "-c", "env > /env; sleep 600"});
    const std::string hosts = inspect("web", "{{.HostsPath}}");
    const auto address = [&] { return inspect("db", "{{.NetworkSettings.IPAddress}}"); };
    EXPECT_THAT(read_file(hosts), HasSubstr(address() + "\tsql " + inspect("db", "{{.Config.Hostname}}") + " db\n"));
    EXPECT_EQ(inspect("web", "{{.HostConfig.Links}}"), "[/db:/web/sql]");
    const std::string text = docker_ok(
        {"run", "--rm", "--name", "other", "--link", "db:sql", "box", "sh", "-c", "wget -q -O - http://sql/; env"});
    EXPECT_THAT(text, HasSubstr("Hello from Slipway"));
    EXPECT_THAT(text, HasSubstr("SQL_PORT_80_TCP=tcp://" + address() + ":80\n"));
    EXPECT_THAT(text, HasSubstr("SQL_NAME=/other/sql\n"));
    EXPECT_THAT(text, HasSubstr("SQL_ENV_WHO=db\n"));

    docker_ok({"stop", "-t", "0", "db"});
    docker_ok({"run", "-d", "--name", "squatter", "box", "sleep", "600"});  // takes the address, maybe
    docker_ok({"start", "db"});
    EXPECT_THAT(read_file(hosts), HasSubstr(address() + "\tsql "));
    docker_ok({"rename", "db", "store"});
    EXPECT_EQ(inspect("web", "{{.HostConfig.Links}}"), "[/store:/web/sql]");
    docker_ok({"rm", "--link", "web/sql"});
    EXPECT_EQ(inspect("web", "{{.HostConfig.Links}}"), "[]");
}

}  // namespace
}  // namespace slipway::testing
