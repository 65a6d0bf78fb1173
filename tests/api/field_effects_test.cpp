// Each field of Config and HostConfig that a container's process can notice, set over HTTP and looked for from inside.
// docs/api-coverage.md names these tests; fields whose effect needs more than one container have tests of their own.
#include "http_json.hpp"

#include <sys/utsname.h>

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
        {"Config.Env", {{"Env", {"A=1 2", "PATH=/bin"}}}, {}, "env", "A=1 2\n(.|\n)*|PATH=/bin"},
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
         {{"Mounts", {{{"Type", "tmpfs"}, {"Target", "/t"}, {"TmpfsOptions", {{"SizeBytes", 1048576}}}}}}},
         "grep ' /t ' /proc/mounts",
         "^tmpfs /t tmpfs .*size=1024k"},
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

}  // namespace
}  // namespace slipway::testing
