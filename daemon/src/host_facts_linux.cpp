#include "host_facts.hpp"
#include "kernel_flaws.hpp"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace slipway::daemon {
namespace {

namespace fs = std::filesystem;

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

// A value of /etc/os-release without its quotes.
std::string os_release(const std::string& key) {
    for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);) {
            if (!line.starts_with(key + "=")) continue;
            std::string value = line.substr(key.size() + 1);
            if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) {
                value = value.substr(1, value.size() - 2);
            }
            return value;
        }
    }
    return {};
}

std::string go_arch(const std::string& machine) {
    if (machine == "x86_64") return "amd64";
    if (machine == "aarch64") return "arm64";
    if (machine == "i686" || machine == "i386") return "386";
    if (machine.starts_with("armv")) return "arm";
    return machine;
}

bool exists(const std::string& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
}

// The controllers that have a version 1 hierarchy mounted.
std::set<std::string> v1_controllers() {
    std::set<std::string> out;
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream fields(line);
        std::string device, target, type, options;
        fields >> device >> target >> type >> options;
        if (type != "cgroup") continue;
        std::istringstream parts(options);
        for (std::string part; std::getline(parts, part, ',');) out.insert(part);
    }
    return out;
}

void read_cgroups_v2(api::Facts& facts) {
    std::istringstream controllers(first_line("/sys/fs/cgroup/cgroup.controllers"));
    const std::set<std::string> have{std::istream_iterator<std::string>(controllers), {}};
    facts.cgroup_version = "2";
    facts.memory_limit = facts.swap_limit = have.count("memory") > 0;
    facts.cpu_cfs = facts.cpu_shares = have.count("cpu") > 0;
    facts.cpuset = have.count("cpuset") > 0;
    facts.pids_limit = have.count("pids") > 0;
}

void read_cgroups(api::Facts& facts) {
    if (exists("/sys/fs/cgroup/cgroup.controllers")) return read_cgroups_v2(facts);
    const std::set<std::string> have = v1_controllers();
    facts.cgroup_version = "1";
    facts.memory_limit = have.count("memory") > 0;
    facts.oom_kill_disable = facts.memory_limit;
    facts.swap_limit = exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes");
    facts.cpu_cfs = exists("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    facts.cpu_shares = have.count("cpu") > 0;
    facts.cpuset = have.count("cpuset") > 0;
    facts.pids_limit = have.count("pids") > 0;
}

void read_security(api::Facts& facts) {
    if (exists("/proc/sys/kernel/seccomp/actions_avail"))
        facts.security_options.push_back("name=seccomp,profile=builtin");
    if (facts.cgroup_version == "2") facts.security_options.push_back("name=cgroupns");
    if (first_line("/sys/module/apparmor/parameters/enabled") != "Y" && !exists("/sys/fs/selinux/enforce")) {
        facts.warnings.push_back("neither AppArmor nor SELinux is active on this machine");
    }
    if (!facts.memory_limit) facts.warnings.push_back("No memory limit support");
    if (!facts.swap_limit) facts.warnings.push_back("No swap limit support");
    if (!facts.pids_limit) facts.warnings.push_back("No pids limit support");
    if (!facts.cpu_cfs) facts.warnings.push_back("No cpu cfs quota support");
    if (!facts.ipv4_forwarding) facts.warnings.push_back("IPv4 forwarding is disabled");
}

}  // namespace

api::Facts read_host_facts() {
    api::Facts facts;
    facts.version = SLIPWAY_VERSION;
    utsname names{};
    if (::uname(&names) == 0) {
        facts.kernel_version = names.release;
        facts.machine = names.machine;
        facts.arch = go_arch(names.machine);
        facts.host_name = names.nodename;
        if (auto flaw = page_cache_warning(names.release, names.version)) facts.warnings.push_back(std::move(*flaw));
    }
    facts.operating_system = os_release("PRETTY_NAME");
    facts.os_version = os_release("VERSION_ID");
    facts.cpu_count = ::sysconf(_SC_NPROCESSORS_ONLN);
    struct sysinfo memory {};
    if (::sysinfo(&memory) == 0) {
        facts.memory_bytes = static_cast<int64_t>(memory.totalram) * static_cast<int64_t>(memory.mem_unit);
    }
    facts.ipv4_forwarding = first_line("/proc/sys/net/ipv4/ip_forward") == "1";
    read_cgroups(facts);
    read_security(facts);
    return facts;
}

}  // namespace slipway::daemon
