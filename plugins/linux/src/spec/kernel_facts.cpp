#include <spec/kernel_facts.hpp>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace slipway::linux_backend {

namespace {

uint64_t effective_capabilities() {
    std::ifstream status("/proc/thread-self/status");
    std::string line;
    while (std::getline(status, line)) {
        if (line.starts_with("CapEff:")) return std::stoull(line.substr(7), nullptr, 16);
    }
    return 0;
}

bool reads_one(const char* path) {
    std::ifstream file(path);
    return file.get() == '1';
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
    facts.capabilities = effective_capabilities();
    rlimit nofile{};
    if (::getrlimit(RLIMIT_NOFILE, &nofile) == 0) facts.nofile_hard_limit = nofile.rlim_max;
    facts.ipv4_forwarding = reads_one("/proc/sys/net/ipv4/ip_forward");
    facts.cgroup_namespaces = ::access("/proc/self/ns/cgroup", F_OK) == 0;
    facts.seccomp = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 && ::access("/proc/sys/kernel/seccomp", F_OK) == 0;
    facts.thermal_throttle = thermal_throttle_directories();
    return facts;
}

}  // namespace slipway::linux_backend
