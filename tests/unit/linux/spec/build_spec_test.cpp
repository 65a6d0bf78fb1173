#include <spec/build_spec.hpp>
#include <spec/capabilities.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

KernelFacts test_kernel() {
    KernelFacts facts;
    facts.capabilities = ~uint64_t{0};
    facts.nofile_hard_limit = 1048576;
    return facts;
}

const KernelFacts kKernel = test_kernel();

json plain_request() {
    return {{"Id", std::string(64, 'a')},
            {"Name", "web"},
            {"Hostname", "aaaaaaaaaaaa"},
            {"Domainname", ""},
            {"Path", "/bin/sh"},
            {"Args", {"-c", "echo hi"}},
            {"Config", {{"User", ""}, {"Tty", false}, {"WorkingDir", ""}, {"Env", {"A=1"}}}},
            {"HostConfig", {{"NetworkMode", "bridge"}, {"ShmSize", 67108864}}}};
}

Result<json> build(const json& request, SpecContext context = {kKernel}) {
    context.cgroups_path = "/slipway/0123abcd/aa";
    return build_spec(request, context);
}

json built(const json& request, SpecContext context = {kKernel}) {
    Result<json> document = build(request, std::move(context));
    EXPECT_TRUE(document) << (document ? "" : document.error().message());
    return document ? *document : json();
}

std::string failure(const json& request, SpecContext context = {kKernel}) {
    const Result<json> document = build(request, std::move(context));
    EXPECT_FALSE(document);
    return document ? "" : document.error().message();
}

json with_host(const char* key, const json& value) {
    json request = plain_request();
    request["HostConfig"][key] = value;
    return request;
}

json mount_at(const json& document, const std::string& target) {
    for (const json& mount : document["mounts"]) {
        if (mount["destination"] == target) return mount;
    }
    return nullptr;
}

std::vector<std::string> namespaces_of(const json& document) {
    std::vector<std::string> types;
    for (const json& entry : document["linux"]["namespaces"]) types.push_back(entry["type"]);
    return types;
}

std::vector<std::string> environment_of(const json& document) {
    return document["process"]["env"];
}

TEST(BuildSpec, DefaultContainerIsWhatDockerRuns) {
    json document = built(plain_request());
    EXPECT_EQ(document["linux"]["seccomp"]["defaultAction"], "SCMP_ACT_ERRNO");
    document["linux"].erase("seccomp");
    const json capabilities = capability_names(kDefaultCapabilities);

    const json expected = json::parse(R"({
        "ociVersion": "1.0.2",
        "hostname": "aaaaaaaaaaaa",
        "root": {"path": "rootfs", "readonly": false},
        "process": {
            "terminal": false,
            "user": {"uid": 0, "gid": 0, "additionalGids": [0]},
            "args": ["/bin/sh", "-c", "echo hi"],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=aaaaaaaaaaaa", "A=1",
                    "HOME=/"],
            "cwd": "/",
            "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 524288}],
            "noNewPrivileges": false,
            "oomScoreAdj": 0
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
            {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
             "options": ["ro", "nosuid", "noexec", "nodev"]},
            {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
             "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=67108864"]}
        ],
        "linux": {
            "namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "network"},
                           {"type": "cgroup"}],
            "cgroupsPath": "/slipway/0123abcd/aa",
            "rootfsPropagation": "rprivate",
            "sysctl": {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"},
            "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
                            "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
                            "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            "devices": [
                {"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 438, "uid": 0, "gid": 0},
                {"path": "/dev/zero", "type": "c", "major": 1, "minor": 5, "fileMode": 438, "uid": 0, "gid": 0},
                {"path": "/dev/full", "type": "c", "major": 1, "minor": 7, "fileMode": 438, "uid": 0, "gid": 0},
                {"path": "/dev/random", "type": "c", "major": 1, "minor": 8, "fileMode": 438, "uid": 0, "gid": 0},
                {"path": "/dev/urandom", "type": "c", "major": 1, "minor": 9, "fileMode": 438, "uid": 0, "gid": 0},
                {"path": "/dev/tty", "type": "c", "major": 5, "minor": 0, "fileMode": 438, "uid": 0, "gid": 0}
            ],
            "resources": {"devices": [
                {"allow": false, "access": "rwm"},
                {"allow": true, "type": "c", "access": "m"},
                {"allow": true, "type": "b", "access": "m"},
                {"allow": true, "type": "c", "major": 1, "minor": 3, "access": "rwm"},
                {"allow": true, "type": "c", "major": 1, "minor": 5, "access": "rwm"},
                {"allow": true, "type": "c", "major": 1, "minor": 7, "access": "rwm"},
                {"allow": true, "type": "c", "major": 1, "minor": 8, "access": "rwm"},
                {"allow": true, "type": "c", "major": 1, "minor": 9, "access": "rwm"},
                {"allow": true, "type": "c", "major": 5, "minor": 0, "access": "rwm"},
                {"allow": true, "type": "c", "major": 5, "minor": 1, "access": "rwm"},
                {"allow": true, "type": "c", "major": 5, "minor": 2, "access": "rwm"},
                {"allow": true, "type": "c", "major": 10, "minor": 200, "access": "rwm"},
                {"allow": true, "type": "c", "major": 136, "access": "rwm"}
            ]}
        }
    })");
    json want = expected;
    want["process"]["capabilities"] = {{"bounding", capabilities},
                                       {"effective", capabilities},
                                       {"permitted", capabilities},
                                       {"inheritable", json::array()},
                                       {"ambient", json::array()}};
    EXPECT_EQ(document, want) << json::diff(want, document).dump(1);
}

TEST(BuildSpec, LimitsBecomeResources) {
    json request = plain_request();
    request["HostConfig"].update({{"Memory", 67108864},
                                  {"MemorySwap", 134217728},
                                  {"MemorySwappiness", nullptr},
                                  {"NanoCpus", 500000000},
                                  {"CpuShares", 512},
                                  {"CpusetCpus", "0"},
                                  {"PidsLimit", 50}});

    const json resources = built(request)["linux"]["resources"];

    EXPECT_EQ(resources["memory"], (json{{"limit", 67108864}, {"swap", 134217728}}));
    EXPECT_EQ(resources["cpu"], (json{{"period", 100000}, {"quota", 50000}, {"shares", 512}, {"cpus", "0"}}));
    EXPECT_EQ(resources["pids"], (json{{"limit", 50}}));
    EXPECT_FALSE(resources.contains("blockIO"));
}

TEST(BuildSpec, NothingIsLimitedUnlessAsked) {
    for (const json& pids : {json(nullptr), json(0), json(-1)}) {
        EXPECT_FALSE(built(with_host("PidsLimit", pids))["linux"]["resources"].contains("pids")) << pids;
    }
    EXPECT_FALSE(built(with_host("MemorySwap", -1))["linux"]["resources"].contains("memory"));
}

TEST(BuildSpec, EnvironmentOfTheUserWinsByKey) {
    json request = plain_request();
    request["Config"]["Tty"] = true;
    request["Config"]["Env"] = {"PATH=/bin", "HOSTNAME", "TERM=dumb", "HOME=/srv", "PATH=/sbin", "EMPTY="};

    EXPECT_THAT(environment_of(built(request)), ElementsAre("PATH=/sbin", "TERM=dumb", "HOME=/srv", "EMPTY="));
}

TEST(BuildSpec, TerminalGetsATermAndRequestEnvBeatsConfigEnv) {
    json request = plain_request();
    request["Config"]["Tty"] = true;
    request["Env"] = {"B=2"};

    const json document = built(request);

    EXPECT_EQ(document["process"]["terminal"], true);
    EXPECT_THAT(environment_of(document), Contains("TERM=xterm"));
    EXPECT_THAT(environment_of(document), Contains("B=2"));
    EXPECT_THAT(environment_of(document), Not(Contains("A=1")));
}

TEST(BuildSpec, RefusesTextThatWouldBecomeTwoLines) {
    for (const char* home : {"HOME=/a\nroot::0:0", "HOME=/a:/b"}) {
        json request = plain_request();
        request["Config"]["Env"] = {home};
        EXPECT_THAT(failure(request), HasSubstr("HOME"));
    }
    json nul = plain_request();
    nul["Config"]["Env"] = {std::string("A=1\0B=2", 7)};
    EXPECT_EQ(failure(nul), "environment variable 'A' has a NUL in it");
    json host = plain_request();
    host["Hostname"] = "a\n127.0.0.1 evil";
    EXPECT_THAT(failure(host), HasSubstr("invalid hostname format"));
}

TEST(BuildSpec, HostnameCarriesTheDomain) {
    json request = plain_request();
    request["Hostname"] = "web";
    request["Domainname"] = "example.org";

    const json document = built(request);

    EXPECT_EQ(document["hostname"], "web.example.org");
    EXPECT_EQ(document["domainname"], "example.org");
    EXPECT_THAT(environment_of(document), Contains("HOSTNAME=web.example.org"));
}

TEST(BuildSpec, HostModesLeaveTheNameSpaceOut) {
    EXPECT_THAT(namespaces_of(built(with_host("PidMode", "host"))), Not(Contains("pid")));
    EXPECT_THAT(namespaces_of(built(with_host("CgroupnsMode", "host"))), Not(Contains("cgroup")));

    const json network = built(with_host("NetworkMode", "host"));
    EXPECT_THAT(namespaces_of(network), Not(Contains("network")));
    EXPECT_FALSE(network["linux"].contains("sysctl"));

    const json uts = built(with_host("UTSMode", "host"));
    EXPECT_THAT(namespaces_of(uts), Not(Contains("uts")));
    EXPECT_FALSE(uts.contains("hostname"));

    const json ipc = built(with_host("IpcMode", "host"));
    EXPECT_THAT(namespaces_of(ipc), Not(Contains("ipc")));
    EXPECT_EQ(mount_at(ipc, "/dev/shm")["source"], "/dev/shm");
    EXPECT_EQ(mount_at(ipc, "/dev/shm")["type"], "bind");
}

TEST(BuildSpec, JoinsAnotherContainersNameSpaces) {
    SpecContext context{kKernel};
    context.container_pid = [](const std::string& id) -> Result<int64_t> {
        EXPECT_EQ(id, "db");
        return int64_t{42};
    };

    const json pid = built(with_host("PidMode", "container:db"), context);
    const json ipc = built(with_host("IpcMode", "container:db"), context);

    EXPECT_THAT(pid["linux"]["namespaces"], Contains(json({{"type", "pid"}, {"path", "/proc/42/ns/pid"}})));
    EXPECT_THAT(ipc["linux"]["namespaces"], Contains(json({{"type", "ipc"}, {"path", "/proc/42/ns/ipc"}})));
    EXPECT_EQ(mount_at(ipc, "/dev/shm")["source"], "/proc/42/root/dev/shm");
    const json uts = built(with_host("UTSMode", "container:db"), context);
    EXPECT_THAT(uts["linux"]["namespaces"], Contains(json({{"type", "uts"}, {"path", "/proc/42/ns/uts"}})));
    EXPECT_FALSE(uts.contains("hostname"));
    const json groups = built(with_host("CgroupnsMode", "container:db"), context);
    EXPECT_THAT(groups["linux"]["namespaces"], Contains(json({{"type", "cgroup"}, {"path", "/proc/42/ns/cgroup"}})));
    EXPECT_THAT(failure(with_host("PidMode", "container:db")), HasSubstr("not offered"));
}

TEST(BuildSpec, IpcNoneHasNoSharedMemory) {
    EXPECT_EQ(mount_at(built(with_host("IpcMode", "none")), "/dev/shm"), nullptr);
}

TEST(BuildSpec, MountsOfTheUserReplaceStandardOnes) {
    SpecContext shm{kKernel};
    shm.mount_targets = {"/dev/shm", "/data"};
    SpecContext dev{kKernel};
    dev.mount_targets = {"/dev"};

    EXPECT_EQ(mount_at(built(plain_request(), shm), "/dev/shm"), nullptr);
    EXPECT_NE(mount_at(built(plain_request(), shm), "/dev"), nullptr);
    EXPECT_EQ(mount_at(built(plain_request(), dev), "/dev/pts"), nullptr);
    EXPECT_NE(mount_at(built(plain_request(), dev), "/proc"), nullptr);
}

TEST(BuildSpec, NothingIsMountedOverProc) {
    for (const char* target : {"/proc", "/proc/self", "/proc/sys/kernel"}) {
        SpecContext context{kKernel};
        context.mount_targets = {target};
        EXPECT_EQ(failure(plain_request(), context),
                  "\"" + std::string(target) + "\" cannot be mounted because it is inside /proc");
    }
    SpecContext lxcfs{kKernel};
    lxcfs.mount_targets = {"/proc/meminfo"};
    EXPECT_FALSE(built(plain_request(), lxcfs).is_null());
}

TEST(BuildSpec, OrdinaryUsersHoldNoCapabilities) {
    json request = plain_request();
    request["Config"]["User"] = "1000:100";

    const json process = built(request)["process"];

    EXPECT_EQ(process["user"], (json{{"uid", 1000}, {"gid", 100}, {"additionalGids", {100}}}));
    EXPECT_EQ(process["capabilities"]["bounding"].size(), 14U);
    EXPECT_THAT(process["capabilities"]["effective"], IsEmpty());
    EXPECT_THAT(process["capabilities"]["permitted"], IsEmpty());
}

TEST(BuildSpec, PrivilegedTakesTheFencesDown) {
    const json document = built(with_host("Privileged", true));

    EXPECT_FALSE(document["linux"].contains("seccomp"));
    EXPECT_THAT(document["linux"]["maskedPaths"], IsEmpty());
    EXPECT_THAT(document["linux"]["readonlyPaths"], IsEmpty());
    EXPECT_EQ(document["process"]["capabilities"]["effective"].size(), 41U);
    EXPECT_EQ(document["linux"]["resources"]["devices"], json::array({{{"allow", true}, {"access", "rwm"}}}));
    EXPECT_THAT(mount_at(document, "/sys")["options"], Contains("rw"));
    json listed = with_host("Privileged", true);
    listed["HostConfig"]["MaskedPaths"] = listed["HostConfig"]["ReadonlyPaths"] = {"/proc/kcore"};
    EXPECT_THAT(built(listed)["linux"]["maskedPaths"], IsEmpty());
    EXPECT_THAT(built(listed)["linux"]["readonlyPaths"], IsEmpty());
}

TEST(BuildSpec, PrivilegedDevicesAreTheHostsAndTheMapped) {
    json request = with_host("Privileged", true);
    request["HostConfig"]["Devices"] = {{{"PathOnHost", "/dev/null"}, {"PathInContainer", "/dev/nil"}}};
    std::vector<std::string> paths;
    const json document = built(request);
    for (const json& node : document["linux"]["devices"]) paths.push_back(node["path"]);

    EXPECT_THAT(paths, Contains("/dev/nil"));
    EXPECT_THAT(paths, Contains("/dev/null"));
    EXPECT_EQ(document["linux"]["resources"]["devices"].size(), 1U) << "no rule narrows";
}

TEST(BuildSpec, InitAndSecurityModulesGoToTheProcess) {
    KernelFacts kernel = test_kernel();
    kernel.apparmor = kernel.selinux = true;
    json request = with_host("Init", true);
    request["HostConfig"]["SecurityOpt"] = {"apparmor=web", "label=type:web_t", "label=level:s0:c1"};
    const json process = built(request, {kernel})["process"];

    EXPECT_EQ(process["init"], true);
    EXPECT_EQ(process["apparmorProfile"], "web");
    EXPECT_EQ(process["selinuxLabel"], "system_u:system_r:web_t:s0:c1");
    for (const char* key : {"init", "apparmorProfile", "selinuxLabel"}) {
        EXPECT_FALSE(built(plain_request())["process"].contains(key)) << key;
    }
    EXPECT_THAT(failure(request), HasSubstr("AppArmor is not enabled on this host"));
}

TEST(BuildSpec, GroupNameSpacesFollowTheMode) {
    EXPECT_THAT(namespaces_of(built(with_host("CgroupnsMode", "host"))), Not(Contains("cgroup")));
    json privileged = with_host("Privileged", true);
    privileged["HostConfig"]["CgroupnsMode"] = "private";
    EXPECT_THAT(namespaces_of(built(privileged)), Contains("cgroup"));
}

TEST(BuildSpec, PathListsOfTheRequestReplaceTheDefaults) {
    EXPECT_THAT(built(with_host("MaskedPaths", json::array()))["linux"]["maskedPaths"], IsEmpty());
    EXPECT_EQ(built(with_host("ReadonlyPaths", {"/x"}))["linux"]["readonlyPaths"], json({"/x"}));
    EXPECT_THAT(built(with_host("SecurityOpt", {"systempaths=unconfined"}))["linux"]["maskedPaths"], IsEmpty());
}

TEST(BuildSpec, SecurityOptionsAreHonoured) {
    EXPECT_FALSE(built(with_host("SecurityOpt", {"seccomp=unconfined"}))["linux"].contains("seccomp"));
    EXPECT_EQ(built(with_host("SecurityOpt", {"no-new-privileges"}))["process"]["noNewPrivileges"], true);
    EXPECT_EQ(built(with_host("SecurityOpt", {"no-new-privileges:false"}))["process"]["noNewPrivileges"], false);
    EXPECT_EQ(failure(with_host("SecurityOpt", {"frob"})), "invalid --security-opt 1: \"frob\"");
    EXPECT_EQ(failure(with_host("SecurityOpt", {"frob=1"})), "invalid --security-opt 2: \"frob=1\"");
}

TEST(BuildSpec, ProfileOfTheClientIsResolved) {
    const std::string profile = R"({"defaultAction": "SCMP_ACT_ERRNO",
        "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
        "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"},
                     {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
                     {"names": ["chroot"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_CHROOT"]}},
                     {"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "99.0"}}]})";

    const json seccomp = built(with_host("SecurityOpt", {"seccomp=" + profile}))["linux"]["seccomp"];

    EXPECT_EQ(seccomp["architectures"], json({"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}));
    ASSERT_EQ(seccomp["syscalls"].size(), 2U);
    EXPECT_EQ(seccomp["syscalls"][1]["names"], json({"chroot"}));
    EXPECT_THAT(failure(with_host("SecurityOpt", {"seccomp={"})), HasSubstr("decoding seccomp profile failed: "));
}

TEST(BuildSpec, SysctlsStayInTheContainersNameSpaces) {
    const json own = built(with_host("Sysctls", {{"net.core.somaxconn", "512"}, {"kernel.msgmax", "9000"}}));
    EXPECT_EQ(own["linux"]["sysctl"]["net.core.somaxconn"], "512");
    EXPECT_EQ(own["linux"]["sysctl"]["kernel.msgmax"], "9000");

    EXPECT_EQ(failure(with_host("Sysctls", {{"kernel.core_pattern", "|/x"}})),
              "sysctl \"kernel.core_pattern\" is not in a separate kernel namespace");
    EXPECT_EQ(failure(with_host("Sysctls", {{"net.ipv4/../../kernel/core_pattern", "x"}})),
              "invalid sysctl \"net.ipv4/../../kernel/core_pattern\"");
    EXPECT_EQ(failure(with_host("Sysctls", {{"net.core.somaxconn", "1\nkernel.core_pattern=x"}})),
              "invalid sysctl \"net.core.somaxconn\"");
    json host_network = with_host("NetworkMode", "host");
    host_network["HostConfig"]["Sysctls"] = {{"net.core.somaxconn", "512"}};
    EXPECT_EQ(failure(host_network), "sysctl \"net.core.somaxconn\" not allowed in host network namespace");
}

TEST(BuildSpec, UlimitsBeatTheDefault) {
    const json limits =
        built(with_host("Ulimits", {{{"Name", "nofile"}, {"Soft", 10}, {"Hard", 20}},
                                    {{"Name", "core"}, {"Soft", -1}, {"Hard", -1}}}))["process"]["rlimits"];

    ASSERT_EQ(limits.size(), 2U);
    EXPECT_EQ(limits[0], (json{{"type", "RLIMIT_NOFILE"}, {"soft", 10}, {"hard", 20}}));
    EXPECT_EQ(limits[1]["hard"], UINT64_MAX);
}

TEST(BuildSpec, DefaultLimitStaysWithinWhatTheDaemonMayGive) {
    KernelFacts confined = test_kernel();
    confined.capabilities &= ~(uint64_t{1} << 24);  // SYS_RESOURCE
    confined.nofile_hard_limit = 20000;

    const json limits = built(plain_request(), SpecContext{confined})["process"]["rlimits"];

    EXPECT_EQ(limits[0]["hard"], 20000);
}

TEST(BuildSpec, DevicesOfTheHostAreLookedUp) {
    const json mapping = {{"PathOnHost", "/dev/null"}, {"PathInContainer", "/dev/nothing"}, {"CgroupPermissions", "r"}};
    const json document = built(with_host("Devices", json::array({mapping})));
    EXPECT_EQ(document["linux"]["devices"].back()["path"], "/dev/nothing");
    EXPECT_EQ(document["linux"]["resources"]["devices"].back(),
              (json{{"allow", true}, {"type", "c"}, {"major", 1}, {"minor", 3}, {"access", "r"}}));

    const auto missing = build(with_host("Devices", {{{"PathOnHost", "/dev/slipway-none"}}}));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(missing.error().resource(), "/dev/slipway-none");
    EXPECT_EQ(missing.error().message(),
              "error gathering device information while adding custom device "
              "\"/dev/slipway-none\": no such file or directory");
}

TEST(BuildSpec, DeviceRulesAreRead) {
    const json rules = built(with_host("DeviceCgroupRules", {"c 42:* rw"}))["linux"]["resources"]["devices"];

    EXPECT_EQ(rules.back(), (json{{"allow", true}, {"type", "c"}, {"major", 42}, {"access", "rw"}}));
    for (const char* bad : {"", "c", "x 1:2 r", "c 1 r", "c 1:2 rx", "c -1:2 r", "c 1:2  r", "c 01:2 r"}) {
        EXPECT_EQ(failure(with_host("DeviceCgroupRules", {bad})),
                  "invalid device cgroup rule format: '" + std::string(bad) + "'");
    }
}

}  // namespace
}  // namespace slipway::linux_backend
