// User namespaces as the docker client and the processes in them see them, and what stays on disk.
#include "http_json.hpp"

#include <sys/stat.h>

#include <filesystem>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::Contains;

constexpr const char* kPool = "300000:262144";  // room for four containers

class UserNamespace : public HttpClient {
protected:
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options options;
        options.arguments = {"--userns-pool", kPool};
        return options;
    }

    // A running container that waits; `more` goes into its HostConfig.
    void run_private(const std::string& name, json host_config = json::object(),
                     const std::string& script = "sleep 1000") const {
        if (!host_config.contains("UsernsMode")) host_config["UsernsMode"] = "private";
        create(name, {"sh", "-c", script}, host_config);
        docker_ok({"start", name});
    }
    std::string inside(const std::string& name, const std::string& script) const {
        return docker_ok({"exec", name, "sh", "-c", script});
    }
    // The host's id of a container's root, by its map.
    std::string root_of(const std::string& name) const {
        std::istringstream map(inside(name, "cat /proc/self/uid_map"));
        std::string first, host, count;
        map >> first >> host >> count;
        EXPECT_EQ(first + " " + count, "0 65536");
        return host;
    }
    std::string owner(const fs::path& path) const {
        struct stat info {};
        if (::lstat(path.c_str(), &info) != 0) return "missing: " + path.string();
        return std::to_string(info.st_uid) + ":" + std::to_string(info.st_gid);
    }
    fs::path upper(const std::string& name) const {
        return fs::path(daemon->data_root()) / "backends/linux/containers" / inspect(name, "{{.Id}}") / "upper";
    }
    std::string refusal(const json& host_config) const {
        const ApiReply reply =
            request("POST", "/containers/create", json{{"Image", "box"}, {"HostConfig", host_config}}.dump());
        return std::to_string(reply.status) + " " + reply.json().value("message", reply.body);
    }
};

TEST_F(UserNamespace, RootIsNobodyForTheHost) {
    run_private("one");

    EXPECT_EQ(root_of("one"), "300000");
    EXPECT_EQ(inside("one", "id -u; id -g; cat /proc/self/gid_map | tr -s ' '"), "0\n0\n 0 300000 65536");
    const std::string status = read_file("/proc/" + inspect("one", "{{.State.Pid}}") + "/status");
    EXPECT_THAT(status, HasSubstr("Uid:\t300000\t300000\t300000\t300000"));
    EXPECT_THAT(status, HasSubstr("Gid:\t300000\t300000\t300000\t300000"));
    EXPECT_EQ(inspect("one", "{{.HostConfig.UsernsMode}}"), "private");
    EXPECT_THAT(inside("one", "cat /etc/hosts; ls -ln /etc/hosts /etc/resolv.conf | cut -c1-60"), HasSubstr(" 0 "));
}

TEST_F(UserNamespace, FilesKeepTheIdsOfTheContainerOnDisk) {
    docker_ok({"volume", "create", "data"});
    run_private("files", {{"Binds", {"data:/data"}}},
                "touch /made /data/made && chown 5:6 /data/made && mkdir /home/dir && sleep 1000");
    ASSERT_TRUE(eventually([&] { return fs::exists(upper("files") / "home/dir"); }));

    EXPECT_EQ(owner(upper("files") / "made"), "0:0");
    EXPECT_EQ(owner(upper("files") / "home/dir"), "0:0");
    EXPECT_EQ(owner(fs::path(inspect("files", "{{(index .Mounts 0).Source}}")) / "made"), "5:6");
    EXPECT_EQ(inside("files", "stat -c %u:%g /made /data/made /bin /"), "0:0\n5:6\n0:0\n0:0");
    EXPECT_EQ(inside("files", "rm -r /home/dir && chown 70000 /made 2>&1 || echo refused"),
              "chown: /made: Invalid argument\nrefused");
    docker_ok({"rm", "-f", "files"});
    // The same volume in a container without a map: what was written is nobody's but whose it was.
    EXPECT_EQ(docker_ok({"run", "--rm", "-v", "data:/data", "box", "stat", "-c", "%u:%g", "/data/made"}), "5:6");
}

TEST_F(UserNamespace, ANewVolumeGetsWhatTheImageHas) {
    run_private("fresh", {{"Binds", {"fresh:/etc"}}});

    const fs::path source = inspect("fresh", "{{(index .Mounts 0).Source}}");
    EXPECT_EQ(owner(source / "passwd"), "0:0");
    EXPECT_EQ(inside("fresh", "stat -c %u:%g /etc /etc/passwd"), "0:0\n0:0");
    EXPECT_EQ(inside("fresh", "echo more >> /etc/passwd && tail -1 /etc/passwd"), "more");
}

TEST_F(UserNamespace, BindMountsAreNotMapped) {
    const std::string directory = daemon->root() + "/shared";
    fs::create_directory(directory);
    write_file(directory + "/roots", "x");
    ASSERT_EQ(::chmod(daemon->root().c_str(), 0755), 0);
    run_private("binds", {{"Binds", {directory + ":/shared"}}});

    EXPECT_EQ(inside("binds", "stat -c %u:%g /shared/roots"), "65534:65534");
    EXPECT_EQ(inside("binds", "touch /shared/more 2>/dev/null || echo refused"), "refused");
    ASSERT_EQ(::chmod(directory.c_str(), 0777), 0);
    inside("binds", "touch /shared/more");
    EXPECT_EQ(owner(directory + "/more"), "300000:300000");
}

TEST_F(UserNamespace, MemoryMountsBelongToItsRoot) {
    run_private("memory", {{"Tmpfs", {{"/scratch", "mode=700"}}}});

    EXPECT_EQ(inside("memory", "stat -c %u:%g /scratch /dev/shm /dev; touch /scratch/a /dev/shm/b && echo written"),
              "0:0\n0:0\n0:0\nwritten");
}

TEST_F(UserNamespace, DevicesAreBoundAndOwned) {
    run_private(
        "nodes",
        {{"Devices", {{{"PathOnHost", "/dev/zero"}, {"PathInContainer", "/dev/nought"}, {"CgroupPermissions", "r"}}}},
         {"CapAdd", {"MKNOD"}}});

    EXPECT_EQ(inside("nodes", "echo x > /dev/null; head -c 3 /dev/zero | od -An -c; stat -c '%u:%g %t,%T' /dev/null"),
              "  \\0  \\0  \\0\n0:0 1,3");
    EXPECT_EQ(inside("nodes", "head -c 1 /dev/nought | od -An -c; stat -c %t,%T /dev/nought"), "  \\0\n1,5");
    EXPECT_EQ(inside("nodes", "mknod /dev/null2 c 1 3 2>&1 || echo refused"),
              "mknod: /dev/null2: Operation not permitted\nrefused");
}

TEST_F(UserNamespace, RootCanDoNothingToTheHost) {
    run_private("admin", {{"CapAdd", {"ALL"}},
                          {"SecurityOpt", {"seccomp=unconfined"}},
                          {"MaskedPaths", json::array()},
                          {"ReadonlyPaths", json::array()}});

    EXPECT_EQ(inside("admin", "mount -t tmpfs none /mnt && echo its own"), "its own");
    EXPECT_EQ(inside("admin", "mknod /mnt/vda b 254 0 2>/dev/null || echo refused"), "refused");
    EXPECT_EQ(inside("admin", "echo b > /proc/sysrq-trigger 2>/dev/null || echo refused"), "refused");
    EXPECT_EQ(inside("admin", "echo 1 > /proc/sys/vm/drop_caches 2>/dev/null || echo refused"), "refused");
    EXPECT_EQ(inside("admin", "cat /proc/kcore 2>/dev/null | head -c 1; echo none"), "none");
    // The root cannot be taken away to see what it was put over.
    EXPECT_EQ(inside("admin", "umount -l / 2>/dev/null || echo refused"), "refused");
    EXPECT_EQ(inside("admin", "nsenter -t 1 -m ls / 2>/dev/null | head -1"), "bin");
    EXPECT_EQ(inside("admin",
                     "mount -o remount,rw /sys/fs/cgroup/devices 2>/dev/null; "
                     "echo a > /sys/fs/cgroup/devices/devices.allow 2>/dev/null || echo refused"),
              "refused");
}

TEST_F(UserNamespace, TheNetworkIsItsOwn) {
    run_private("net", {{"CapAdd", {"NET_ADMIN"}}, {"Sysctls", {{"net.ipv4.ip_forward", "1"}}}});

    EXPECT_EQ(inside("net", "ls /sys/class/net | tr '\\n' ' '"), "eth0 lo");
    EXPECT_EQ(inside("net", "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ip_unprivileged_port_start"), "1\n0");
    EXPECT_EQ(inside("net", "cat /proc/sys/net/ipv4/ping_group_range"), "0\t65535");
    inside("net", "ip link set eth0 mtu 1400");
    EXPECT_EQ(inside("net", "cat /sys/class/net/eth0/mtu"), "1400");
    const std::string gateway = inspect("net", "{{.NetworkSettings.Gateway}}");
    EXPECT_THAT(inside("net", "ping -c 1 -W 2 " + gateway), HasSubstr("1 packets received"));
}

TEST_F(UserNamespace, UsersGroupsAndStreamsWork) {
    create("user", {"sh", "-c", "id -u; id -g; id -G; echo out > /dev/stdout; echo err > /dev/stderr"},
           {{"UsernsMode", "private"}, {"GroupAdd", {"40"}}}, {{"User", "1000:1001"}});

    const RunResult result = docker({"start", "-a", "user"});

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out, "1000\n1001\n1001 40\nout\n");
    EXPECT_EQ(result.err, "err\n");
    create("beyond", {"true"}, {{"UsernsMode", "private"}}, {{"User", "70000"}});
    EXPECT_THAT(docker({"start", "beyond"}).err, HasSubstr("setuid: Invalid argument"));
}

TEST_F(UserNamespace, ExecJoins) {
    run_private("target");

    EXPECT_EQ(inside("target", "tr -s ' ' < /proc/self/uid_map; echo x > /dev/stdout"), " 0 300000 65536\nx");
    EXPECT_EQ(docker_ok({"exec", "-u", "12:13", "target", "sh", "-c",
                         "id -u; id -g; echo x > /dev/stderr; touch /tmp/f; stat -c %u:%g /tmp/f"}),
              "12\n13\n12:13");
    EXPECT_EQ(inside("target", "readlink /proc/1/ns/user"), inside("target", "readlink /proc/self/ns/user"));
    const RunResult beyond = docker({"exec", "-u", "70000", "target", "true"});
    EXPECT_NE(beyond.exit_code, 0);
    EXPECT_THAT(beyond.out + beyond.err, HasSubstr("Invalid argument"));
    const RunResult terminal =
        run({"script", "-qec", "docker -H " + daemon->host() + " exec -it target sh -c 'tty; stat -c %u $(tty)'",
             "/dev/null"});
    EXPECT_THAT(terminal.out, HasSubstr("/dev/pts/"));
    EXPECT_THAT(terminal.out, HasSubstr("\n0\r\n"));
}

TEST_F(UserNamespace, ATerminalWorks) {
    create("tty", {"sh", "-c", "tty; stat -c %u /dev/console; echo $((6*7))"}, {{"UsernsMode", "private"}},
           {{"Tty", true}, {"AttachStdout", true}});
    docker_ok({"start", "tty"});
    EXPECT_TRUE(eventually([&] { return inspect("tty", "{{.State.Running}}") == "false"; }));

    EXPECT_EQ(docker_ok({"logs", "tty"}), "/dev/pts/0\r\n0\r\n42");
}

TEST_F(UserNamespace, TheRangeStaysUntilRemoval) {
    run_private("first");
    run_private("second");
    ASSERT_EQ(root_of("second"), "365536");
    docker_ok({"rm", "-f", "first"});

    docker_ok({"restart", "-t", "0", "second"});
    EXPECT_EQ(root_of("second"), "365536");
    daemon->kill_daemon();
    daemon->start_daemon();
    ASSERT_EQ(daemon->problem(), "");
    EXPECT_EQ(root_of("second"), "365536") << "of an adopted container";
    run_private("third");
    EXPECT_EQ(root_of("third"), "300000") << "what the first gave back";
    docker_ok({"stop", "-t", "0", "second"});
    run_private("fourth");
    EXPECT_EQ(root_of("fourth"), "431072") << "a stopped container keeps its range";
    docker_ok({"start", "second"});
    EXPECT_EQ(root_of("second"), "365536");
    EXPECT_EQ(inside("second", "stat -c %u /etc"), "0");
    run_private("fifth");
    EXPECT_THAT(refusal({{"UsernsMode", "auto"}}), HasSubstr("no ids are left for another user namespace"));
}

TEST_F(UserNamespace, S56_MapsDoNotOverlapAndTheirRootsSeeNothingOfTheDataRoot) {
    run_private("one", {{"Binds", {"vol:/v"}}});
    run_private("two");
    ASSERT_EQ(::chmod(daemon->root().c_str(), 0755), 0);

    const std::string one = root_of("one");
    EXPECT_EQ(one, "300000");
    EXPECT_EQ(root_of("two"), "365536");
    const auto as_root_of_one = [&](const std::string& script) {
        return run({"setpriv", "--reuid", one, "--regid", one, "--clear-groups", "sh", "-c", script});
    };
    for (const char* below : {"", "/backends", "/containers", "/volumes", "/volumes/vol/_data", "/slipway.db"}) {
        const std::string path = daemon->data_root() + below;
        EXPECT_TRUE(fs::exists(path)) << path;
        EXPECT_EQ(as_root_of_one("test -w '" + path + "' || touch '" + path + "/x' 2>/dev/null").exit_code, 1) << path;
    }
    EXPECT_NE(as_root_of_one("ls '" + upper("two").string() + "'").exit_code, 0);
    EXPECT_NE(as_root_of_one("cat '" + daemon->data_root() + "/slipway.db'").exit_code, 0);
    // Nor can it do anything to the other container's processes.
    EXPECT_NE(as_root_of_one("kill -0 " + inspect("two", "{{.State.Pid}}")).exit_code, 0);
}

TEST_F(UserNamespace, OthersJoin) {
    run_private("owner", {{"IpcMode", "shareable"}});
    const std::string space = inside("owner", "readlink /proc/self/ns/user");

    run_private("joined", {{"UsernsMode", "container:owner"}});
    EXPECT_EQ(inside("joined", "readlink /proc/self/ns/user"), space);
    EXPECT_EQ(inside("joined", "ls /sys/class/net | tr '\\n' ' '"), "eth0 lo");
    run_private("all", {{"UsernsMode", "private"},
                        {"NetworkMode", "container:owner"},
                        {"PidMode", "container:owner"},
                        {"IpcMode", "container:owner"}});
    EXPECT_EQ(inside("all", "readlink /proc/self/ns/user"), space);
    for (const char* type : {"net", "pid", "ipc"}) {
        const std::string link = std::string("readlink /proc/self/ns/") + type;
        EXPECT_EQ(inside("all", link), inside("owner", link));
    }
    EXPECT_EQ(inside("all", "touch /x && stat -c %u /x"), "0");

    docker_ok({"run", "-d", "--name", "plain", "box", "sleep", "1000"});
    EXPECT_THAT(refusal({{"UsernsMode", "private"}, {"NetworkMode", "container:plain"}}),
                HasSubstr("which is not in a user namespace"));
    run_private("other");
    EXPECT_THAT(refusal({{"UsernsMode", "container:owner"}, {"PidMode", "container:other"}}),
                HasSubstr("which is in another user namespace"));
    // The host's root may join whatever there is.
    EXPECT_EQ(
        docker_ok({"run", "--rm", "--network", "container:owner", "box", "sh", "-c", "readlink /proc/self/ns/net"}),
        inside("owner", "readlink /proc/self/ns/net"));
    docker_ok({"stop", "-t", "0", "joined", "owner"});
    EXPECT_THAT(docker({"start", "joined"}).err, HasSubstr("is not running"));
}

TEST_F(UserNamespace, WhatIsTheHostsIsRefused) {
    EXPECT_EQ(refusal({{"UsernsMode", "private"}, {"NetworkMode", "host"}}),
              "400 cannot share the host's network namespace when user namespaces are enabled");
    EXPECT_EQ(refusal({{"UsernsMode", "private"}, {"PidMode", "host"}}),
              "400 cannot share the host PID namespace when user namespaces are enabled");
    EXPECT_EQ(refusal({{"UsernsMode", "private"}, {"IpcMode", "host"}}),
              "400 cannot share the host IPC namespace when user namespaces are enabled");
    EXPECT_EQ(refusal({{"UsernsMode", "keep-id"}}), "400 invalid USER mode: keep-id");
    EXPECT_EQ(refusal({{"UsernsMode", "container:nobody"}}), "404 No such container: nobody");
}

TEST_F(UserNamespace, LeavesNothingBehind) {
    const MachineState before = after_a_first_run();
    for (int round = 0; round < 3; ++round) {
        run_private("gone");
        inside("gone", "true");
        docker_ok({"rm", "-f", "gone"});
        create("fails", {"/does/not/exist"}, {{"UsernsMode", "private"}});
        EXPECT_EQ(docker({"start", "fails"}).exit_code, 1);
        docker_ok({"rm", "fails"});
    }

    EXPECT_EQ(daemon->leaks_since(before), "");
}

// A daemon that maps everybody, with subordinate ids of its own making.
class UserRemap : public UserNamespace {
protected:
    DaemonUnderTest::Options options() const override {
        char pattern[] = "/tmp/slwt-subids-XXXXXX";
        directory_ = ::mkdtemp(pattern);
        for (const char* file : {"subuid", "subgid"}) {
            write_file(directory_ + "/" + file, "# test\n4242:500000:10\n4242:600000:65526\n");
        }
        DaemonUnderTest::Options options;
        options.arguments = {"--userns-remap", "4242", "--userns-pool", kPool};
        options.launcher = {"unshare",
                            "--mount",
                            "setpriv",
                            "--pdeathsig",
                            "KILL",
                            "sh",
                            "-c",
                            "mount --bind " + directory_ + "/subuid /etc/subuid && mount --bind " + directory_ +
                                "/subgid /etc/subgid && exec \"$@\"",
                            "sh"};
        return options;
    }
    void SetUp() override {
        if (!fs::exists("/etc/subuid") || !fs::exists("/etc/subgid"))
            GTEST_SKIP() << "needs /etc/subuid and /etc/subgid";
        UserNamespace::SetUp();
    }
    void TearDown() override {
        daemon.reset();
        if (!directory_.empty()) fs::remove_all(directory_);
    }

private:
    mutable std::string directory_;
};

TEST_F(UserRemap, IsTheDefaultAndCanBeSwitchedOff) {
    EXPECT_THAT(request("GET", "/info").json()["SecurityOptions"], Contains("name=userns"));

    EXPECT_EQ(
        docker_ok({"run", "--rm", "box", "sh", "-c", "tr -s ' ' < /proc/self/uid_map; tr -s ' ' < /proc/self/gid_map"}),
        " 0 500000 10\n 10 600000 65526\n 0 500000 10\n 10 600000 65526");
    EXPECT_EQ(docker_ok({"run", "--rm", "--userns", "host", "box", "sh", "-c", "tr -s ' ' < /proc/self/uid_map"}),
              " 0 0 4294967295");
    EXPECT_EQ(docker_ok({"run", "--rm", "-u", "1000", "-v", "vol:/v", "box", "id", "-u"}), "1000");
    run_private("own");
    EXPECT_EQ(root_of("own"), "300000");
    EXPECT_EQ(docker_ok({"run", "--rm", "box", "cat", "/proc/sys/net/ipv4/ping_group_range"}), "0\t9");
}

TEST_F(UserRemap, RefusesWhatDockerRefuses) {
    EXPECT_EQ(refusal({{"NetworkMode", "host"}}),
              "400 cannot share the host's network namespace when user namespaces are enabled");
    EXPECT_EQ(refusal({{"PidMode", "host"}}),
              "400 cannot share the host PID namespace when user namespaces are enabled");
    EXPECT_EQ(
        docker_ok({"run", "--rm", "--network", "host", "--pid", "host", "--userns", "host", "box", "echo", "ran"}),
        "ran");
}

}  // namespace
}  // namespace slipway::testing
