// plugins/linux/src/spec/verify_checks.hpp - the groups of rules verify() runs, in Docker's order.
#pragma once

#include <cgroup/cgroup_manager.hpp>
#include <slipway/cpp/error.hpp>
#include <spec/kernel_facts.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::linux_backend {

// A host configuration on its way through the rules. A rule refuses, or warns and clears what this machine cannot do.
struct Verification {
    nlohmann::json& config;
    const CgroupSupport& cgroups;
    const KernelFacts& kernel;
    bool update = false;
    std::vector<std::string> warnings;

    void warn(std::string text) { warnings.push_back(std::move(text)); }
};

// Completes what was left open: swap, swappiness, the size of /dev/shm.
void adapt_host_config(Verification& check);

Status check_privileges(Verification& check);  // capabilities, isolation, security options, sysctls, ulimits
Status check_memory(Verification& check);      // and what depends on it: the OOM killer, pids
Status check_cpu(Verification& check);
Status check_block_io(Verification& check);
Status check_modes(Verification& check);    // name spaces, shm, OOM score, forwarding
Status check_offered(Verification& check);  // what this backend does not have

}  // namespace slipway::linux_backend
