// plugins/linux/src/spec/kernel_facts.hpp - what verify and build_spec need to know about this machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// Read once; cheap to copy. A plain structure so that tests can describe any machine.
struct KernelFacts {
    uint64_t capabilities = 0;                   // what this process may hand out: its effective and bounding sets
    uint64_t known_capabilities = ~uint64_t{0};  // what the kernel has
    uint64_t nofile_hard_limit = 0;              // RLIMIT_NOFILE of this process
    bool ipv4_forwarding = true;                 // net.ipv4.ip_forward
    bool cgroup_namespaces = true;               // since 4.6
    bool seccomp = true;                         // filters, CONFIG_SECCOMP_FILTER
    bool apparmor = false;                       // enabled, profiles may be loaded
    bool selinux = false;                        // enabled, with a policy
    std::vector<std::string> thermal_throttle;   // existing /sys/devices/system/cpu/cpuN/thermal_throttle
};

// Asks the running kernel. What cannot be read counts as absent.
KernelFacts probe_kernel_facts();

}  // namespace slipway::linux_backend
