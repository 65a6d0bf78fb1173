// Each field of Config and HostConfig that a container's process can notice, set over HTTP and looked for from inside.
// docs/api-coverage.md names these tests; fields whose effect needs more than one container have tests of their own.
#include "http_json.hpp"

#include <sys/utsname.h>

#include <chrono>
#include <regex>

namespace slipway::testing {
namespace {

using nlohmann::json;

struct Row {
    const char* field;
    json config;  // merged into the body of create
    json host_config;
    std::string command;   // for sh -c
    std::string expected;  // regular expression searched in what it writes, stderr included
};

// The file of a controller: version 1 as it is mounted here, or version 2.
std::string group_file(const std::string& v1, const std::string& v2) {
    return "cat /sys/fs/cgroup/" + v1 + " 2>/dev/null || cat /sys/fs/cgroup/" + v2;
}

std::string namespace_link(const std::string& kind) {
    char target[64] = {};
    const std::string path = "/proc/self/ns/" + kind;
    return ::readlink(path.c_str(), target, sizeof(target) - 1) > 0 ? target : "?";
}

// As a regular expression that matches only itself.
std::string literally(const std::string& text) {
    return std::regex_replace(text, std::regex(R"([.\[\]{}()*+?^$|\\])"), R"(\$&)");
}

class FieldEffects : public HttpClient {
protected:
    void expect_all(const std::vector<Row>& rows) {
        int number = 0;
        for (const Row& row : rows) {
            SCOPED_TRACE(row.field);
            const std::string name = "row" + std::to_string(number++);
            const json more = row.config.is_null() ? json::object() : row.config;
            const json host_config = row.host_config.is_null() ? json::object() : row.host_config;
            const std::string id = create(name, {"sh", "-c", row.command}, host_config, more);
            if (id.empty()) continue;
            const RunResult run = docker({"start", "-a", name});
            const std::string text = run.out + run.err;
            EXPECT_TRUE(std::regex_search(text, std::regex(row.expected)))
                << row.command << "\nwrote: " << text << "\nexpected: " << row.expected;
        }
    }
};

TEST_F(FieldEffects, OfTheProcess) {
    expect_all({
        {"Config.Hostname", {{"Hostname", "box1"}}, {}, "hostname; grep box1 /etc/hosts", "^box1\n[0-9.]+\\s+box1"},
        {"Config.Domainname",
         {{"Hostname", "box1"}, {"Domainname", "example.org"}},
         {},
         "cat /proc/sys/kernel/domainname; cat /etc/hosts",
         "example\\.org\n(.|\n)*box1\\.example\\.org box1"},
        {"Config.User", {{"User", "1234:55"}}, {}, "id -u; id -g; id -G", "1234\n55\n55\n"},
        {"Config.Tty", {{"Tty", true}}, {}, "test -t 0 && test -t 1 && tty", "/dev/pts/0"},
        {"HostConfig.ConsoleSize", {{"Tty", true}}, {{"ConsoleSize", {40, 120}}}, "stty size", "40 120"},
        {"Config.Env", {{"Env", {"A=1 2", "PATH=/bin"}}}, {}, "echo $A $PATH", "^1 2 /bin\n"},
        {"Config.Entrypoint", {{"Entrypoint", {"echo", "from"}}}, {}, "x", "from sh -c x"},
        {"Config.WorkingDir", {{"WorkingDir", "/made/on/the/way"}}, {}, "pwd", "/made/on/the/way"},
        {"HostConfig.GroupAdd", {{"User", "7"}}, {{"GroupAdd", {"4321", "22"}}}, "id -G", "0 4321 22|0 22 4321"},
        {"HostConfig.OomScoreAdj", {}, {{"OomScoreAdj", 321}}, "cat /proc/self/oom_score_adj", "^321"},
        {"HostConfig.Ulimits",
         {},
         {{"Ulimits", {{{"Name", "nofile"}, {"Soft", 123}, {"Hard", 456}}}}},
         "ulimit -Sn; ulimit -Hn",
         "123\n456"},
    });
}

TEST_F(FieldEffects, OfNamespaces) {
    utsname host{};
    ::uname(&host);
    expect_all({
        {"HostConfig.PidMode",
         {},
         {{"PidMode", "host"}},
         "readlink /proc/self/ns/pid",
         literally(namespace_link("pid"))},
        {"HostConfig.IpcMode",
         {},
         {{"IpcMode", "host"}},
         "readlink /proc/self/ns/ipc",
         literally(namespace_link("ipc"))},
        {"HostConfig.UTSMode", {}, {{"UTSMode", "host"}}, "hostname", "^" + literally(host.nodename)},
        {"HostConfig.NetworkMode", {}, {{"NetworkMode", "none"}}, "ls /sys/class/net", "^lo\n$"},
        {"HostConfig.NetworkMode host",
         {},
         {{"NetworkMode", "host"}},
         "readlink /proc/self/ns/net",
         literally(namespace_link("net"))},
        {"HostConfig.CgroupnsMode", {}, {{"CgroupnsMode", "private"}}, "cat /proc/self/cgroup", "^[0-9]+:[^:]*:/\n"},
        {"HostConfig.CgroupnsMode host",
         {},
         {{"CgroupnsMode", "host"}},
         "cat /proc/self/cgroup",
         daemon->cgroup_parent()},
    });
}

TEST_F(FieldEffects, OfSecurity) {
    expect_all({
        {"HostConfig.CapAdd", {}, {{"CapAdd", {"NET_ADMIN"}}}, "grep CapEff /proc/self/status", "00000000a80435fb"},
        {"HostConfig.CapDrop", {}, {{"CapDrop", {"ALL"}}}, "grep CapBnd /proc/self/status", "0000000000000000"},
        {"HostConfig.SecurityOpt",
         {},
         {{"SecurityOpt", {"no-new-privileges"}}},
         "grep NoNewPrivs /proc/self/status",
         "NoNewPrivs:\\s1"},
        {"HostConfig.SecurityOpt seccomp",
         {},
         {{"SecurityOpt", {"seccomp=unconfined"}}},
         "grep Seccomp: /proc/self/status",
         "Seccomp:\\s0"},
        {"HostConfig.ReadonlyRootfs", {}, {{"ReadonlyRootfs", true}}, "touch /x", "Read-only file system"},
        {"HostConfig.MaskedPaths", {}, {{"MaskedPaths", {"/etc/passwd"}}}, "wc -c < /etc/passwd", "^0\n"},
        {"HostConfig.ReadonlyPaths", {}, {{"ReadonlyPaths", {"/etc"}}}, "touch /etc/x", "Read-only file system"},
        {"HostConfig.Sysctls",
         {},
         {{"Sysctls", {{"net.ipv4.ip_default_ttl", "77"}, {"kernel.msgmax", "9000"}}}},
         "cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/msgmax",
         "77\n9000"},
    });
}

TEST_F(FieldEffects, OfFiles) {
    expect_all({
        {"HostConfig.Binds", {}, {{"Binds", {"/etc:/mnt/h:ro"}}}, "grep ' /mnt/h ' /proc/mounts", " ro[, ]"},
        {"HostConfig.Mounts",
         {},
         {{"Mounts", {{{"Type", "bind"}, {"Source", "/etc"}, {"Target", "/m"}, {"ReadOnly", true}}}}},
         "grep ' /m ' /proc/mounts",
         " ro[, ]"},
        {"HostConfig.Mounts.TmpfsOptions",
         {},
         {{"Mounts",
           {{{"Type", "tmpfs"},
             {"Target", "/t"},
             {"TmpfsOptions", {{"SizeBytes", 1048576}, {"Mode", 0700}, {"Options", {{"noexec"}}}}}}}}},
         "grep ' /t ' /proc/mounts",
         "^tmpfs /t tmpfs [^ ]*noexec[^ ]*size=1024k[^ ]*mode=700"},
        {"HostConfig.Tmpfs",
         {},
         {{"Tmpfs", {{"/t", "size=2m,mode=0700"}}}},
         "grep ' /t ' /proc/mounts",
         "size=2048k.*mode=700"},
        {"HostConfig.ShmSize", {}, {{"ShmSize", 8388608}}, "df -k /dev/shm | tail -1", "\\s8192\\s"},
        {"Config.Volumes", {{"Volumes", {{"/v", json::object()}}}}, {}, "grep ' /v ' /proc/mounts", " /v "},
        {"HostConfig.Devices",
         {},
         {{"Devices", {{{"PathOnHost", "/dev/zero"}, {"PathInContainer", "/dev/nil"}, {"CgroupPermissions", "r"}}}}},
         "head -c 2 /dev/nil | wc -c",
         "^2\n"},
        // Nothing has this number: whoever may open it is told so, all others that they may not.
        {"HostConfig.DeviceCgroupRules",
         {},
         {{"DeviceCgroupRules", {"c 1:99 rwm"}}},
         "mknod /k c 1 99; dd if=/k of=/dev/null count=0",
         "No such device"},
    });
}

TEST_F(FieldEffects, OfNames) {
    expect_all({
        {"Config.MacAddress",
         {{"MacAddress", "02:42:0a:01:02:03"}},
         {},
         "cat /sys/class/net/eth0/address",
         "^02:42:0a:01:02:03"},
        {"HostConfig.Dns", {}, {{"Dns", {"192.0.2.53"}}}, "cat /etc/resolv.conf", "nameserver 192\\.0\\.2\\.53"},
        {"HostConfig.DnsSearch",
         {},
         {{"DnsSearch", {"a.test", "b.test"}}},
         "cat /etc/resolv.conf",
         "search a\\.test b\\.test"},
        {"HostConfig.DnsOptions", {}, {{"DnsOptions", {"ndots:3"}}}, "cat /etc/resolv.conf", "options ndots:3"},
        {"HostConfig.ExtraHosts", {}, {{"ExtraHosts", {"db:192.0.2.7"}}}, "cat /etc/hosts", "192\\.0\\.2\\.7\\s+db"},
    });
}

TEST_F(FieldEffects, OfLimits) {
    expect_all({
        {"HostConfig.Memory",
         {},
         {{"Memory", 67108864}},
         group_file("memory/memory.limit_in_bytes", "memory.max"),
         "^67108864"},
        {"HostConfig.MemorySwap",
         {},
         {{"Memory", 67108864}, {"MemorySwap", 100663296}},
         group_file("memory/memory.memsw.limit_in_bytes", "memory.swap.max"),
         "^(100663296|33554432)\n"},
        {"HostConfig.MemoryReservation",
         {},
         {{"Memory", 67108864}, {"MemoryReservation", 33554432}},
         group_file("memory/memory.soft_limit_in_bytes", "memory.low"),
         "^33554432"},
        {"HostConfig.PidsLimit", {}, {{"PidsLimit", 77}}, group_file("pids/pids.max", "pids.max"), "^77"},
        {"HostConfig.CpuShares", {}, {{"CpuShares", 512}}, group_file("cpu/cpu.shares", "cpu.weight"), "^(512|20)\n"},
        {"HostConfig.NanoCpus", {}, {{"NanoCpus", 250000000}}, group_file("cpu/cpu.cfs_quota_us", "cpu.max"), "^25000"},
        {"HostConfig.CpuPeriod",
         {},
         {{"CpuPeriod", 50000}, {"CpuQuota", 20000}},
         group_file("cpu/cpu.cfs_period_us", "cpu.max"),
         "^(50000|20000 50000)\n"},
        {"HostConfig.CpuQuota",
         {},
         {{"CpuPeriod", 50000}, {"CpuQuota", 20000}},
         group_file("cpu/cpu.cfs_quota_us", "cpu.max"),
         "^20000"},
        {"HostConfig.CpusetCpus", {}, {{"CpusetCpus", "0"}}, "grep Cpus_allowed_list /proc/self/status", "list:\\s0\n"},
        {"HostConfig.CpusetMems", {}, {{"CpusetMems", "0"}}, "grep Mems_allowed_list /proc/self/status", "list:\\s0\n"},
    });
}

TEST_F(FieldEffects, OfVolumes) {
    const json labelled = {{"Type", "volume"},
                           {"Source", "labelled"},
                           {"Target", "/v"},
                           {"VolumeOptions", {{"Labels", {{"of", "test"}}}, {"DriverConfig", {{"Name", "local"}}}}}};
    ASSERT_NE(create("c1", {"true"}, {{"Mounts", {labelled}}}), "");
    EXPECT_EQ(request("GET", "/volumes/labelled").json()["Labels"], json({{"of", "test"}}));

    json foreign = labelled;
    foreign["Source"] = "foreign";
    foreign["VolumeOptions"]["DriverConfig"]["Name"] = "elsewhere";
    const auto refusal = [&](const json& host_config) {
        const json body = {{"Image", "box"}, {"HostConfig", host_config}};
        return request("POST", "/containers/create?name=c2", body.dump()).body;
    };
    EXPECT_THAT(refusal({{"Mounts", {foreign}}}), HasSubstr("elsewhere"));
    EXPECT_THAT(refusal({{"VolumeDriver", "elsewhere"}, {"Binds", {"other:/v"}}}), HasSubstr("elsewhere"));
    EXPECT_EQ(request("GET", "/containers/c2/json").status, 404);
}

TEST_F(FieldEffects, OfPorts) {
    ASSERT_NE(
        create("c1", {"sleep", "600"}, {{"PublishAllPorts", true}}, {{"ExposedPorts", {{"80/tcp", json::object()}}}}),
        "");
    docker_ok({"start", "c1"});
    EXPECT_NE(document("c1")["NetworkSettings"]["Ports"]["80/tcp"][0].value("HostPort", ""), "");
}

TEST_F(FieldEffects, OfTheEnd) {
    ASSERT_NE(create("by-signal", {"sh", "-c", "trap 'exit 7' USR1; echo ready; while :; do sleep 0.1; done"}, {},
                     {{"StopSignal", "SIGUSR1"}}),
              "");
    docker_ok({"start", "by-signal"});
    ASSERT_TRUE(eventually([&] { return docker_ok({"logs", "by-signal"}) == "ready"; }));
    docker_ok({"stop", "by-signal"});
    EXPECT_EQ(document("by-signal")["State"]["ExitCode"], 7);

    // Far from the 10 s that are the default.
    ASSERT_NE(create("by-time", {"sleep", "600"}, {}, {{"StopTimeout", 0}}), "");
    docker_ok({"start", "by-time"});
    const auto began = std::chrono::steady_clock::now();
    docker_ok({"stop", "by-time"});
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
    EXPECT_EQ(document("by-time")["State"]["ExitCode"], 137);
}

TEST_F(FieldEffects, OfTheLog) {
    const json log = {{"Type", "json-file"}, {"Config", {{"max-size", "2k"}, {"max-file", "2"}}}};
    ASSERT_NE(create("c1", {"seq", "1000"}, {{"LogConfig", log}}), "");
    docker_ok({"start", "-a", "c1"});
    const std::string path = document("c1")["LogPath"];
    EXPECT_NE(read_file(path + ".1"), "");
    EXPECT_EQ(read_file(path + ".2"), "");
    EXPECT_LE(read_file(path).size(), 2048U);
    EXPECT_THAT(docker_ok({"logs", "c1"}), ::testing::EndsWith("999\n1000"));
}

TEST_F(FieldEffects, OfTheRecord) {
    ASSERT_NE(create("c1", {"true"}, {{"Annotations", {{"a", "b"}}}, {"Runtime", "linux"}}, {{"Labels", {{"k", "v"}}}}),
              "");
    EXPECT_EQ(docker_ok({"ps", "-aq", "--filter", "label=k=w"}), "");
    EXPECT_EQ(docker_ok({"ps", "-a", "--format", "{{.Names}}", "--filter", "label=k=v"}), "c1");
    EXPECT_EQ(document("c1")["HostConfig"]["Annotations"], json({{"a", "b"}}));
    const json unknown = {{"Image", "box"}, {"HostConfig", {{"Runtime", "nowhere"}}}};
    EXPECT_THAT(request("POST", "/containers/create?name=c2", unknown.dump()).body, HasSubstr("nowhere"));
    const json isolated = {{"Image", "box"}, {"HostConfig", {{"Isolation", "process"}}}};
    EXPECT_THAT(request("POST", "/containers/create?name=c2", isolated.dump()).body, HasSubstr("isolation"));
}

}  // namespace
}  // namespace slipway::testing
