#include <spec/kernel_facts.hpp>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace slipway::linux_backend {

namespace {

// Both: execve as root takes from the bounding set, what is given up in time comes from the effective one.
uint64_t own_capabilities() {
    std::ifstream status("/proc/thread-self/status");
    uint64_t effective = 0, bounding = 0;
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("CapEff:")) effective = std::stoull(line.substr(7), nullptr, 16);
        if (line.starts_with("CapBnd:")) bounding = std::stoull(line.substr(7), nullptr, 16);
    }
    return effective & bounding;
}

uint64_t known_capabilities() {
    std::ifstream file("/proc/sys/kernel/cap_last_cap");
    unsigned last = 0;
    if (!(file >> last) || last > 62) return ~uint64_t{0};
    return (uint64_t{2} << last) - 1;
}

bool starts_with(const char* path, char wanted) {
    std::ifstream file(path);
    return file.get() == wanted;
}

// Docker masks these because they tell a container how busy its neighbours keep the machine.
std::vector<std::string> thermal_throttle_directories() {
    std::vector<std::string> found;
    const long cpus = ::sysconf(_SC_NPROCESSORS_CONF);
    for (long cpu = 0; cpu < cpus; ++cpu) {
        std::string path = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/thermal_throttle";
        if (std::error_code ignored; std::filesystem::exists(path, ignored)) found.push_back(std::move(path));
    }
    return found;
}

}  // namespace

KernelFacts probe_kernel_facts() {
    KernelFacts facts;
    facts.capabilities = own_capabilities();
    facts.known_capabilities = known_capabilities();
    rlimit nofile{};
    if (::getrlimit(RLIMIT_NOFILE, &nofile) == 0) facts.nofile_hard_limit = nofile.rlim_max;
    facts.ipv4_forwarding = starts_with("/proc/sys/net/ipv4/ip_forward", '1');
    facts.cgroup_namespaces = ::access("/proc/self/ns/cgroup", F_OK) == 0;
    facts.seccomp = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 && ::access("/proc/sys/kernel/seccomp", F_OK) == 0;
    facts.apparmor = starts_with("/sys/module/apparmor/parameters/enabled", 'Y');
    facts.selinux = ::access("/sys/fs/selinux/enforce", F_OK) == 0;
    facts.thermal_throttle = thermal_throttle_directories();
    return facts;
}

}  // namespace slipway::linux_backend
