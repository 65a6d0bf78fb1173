// plugins/linux/src/spec/standard_mounts.hpp - the file systems every container has, and paths that are hidden in them.
#pragma once

#include <slipway/cpp/error.hpp>
#include <spec/kernel_facts.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::linux_backend {

struct ShmSource {
    bool mounted = true;      // ipc mode "none" has no /dev/shm at all
    std::string bind_source;  // "/dev/shm" or that of another container; empty: an own one
    int64_t size_bytes = 67108864;
};

// OCI mounts in Docker's order and with Docker's options, less those a user's mount covers; one at
// /dev replaces everything below it too.
// kInvalidArgument: a target in /proc, where it could stand in for what isolation relies on.
Result<nlohmann::json> standard_mounts(const std::vector<std::string>& user_targets, const ShmSource& shm,
                                       bool privileged);

std::vector<std::string> default_masked_paths(const KernelFacts& kernel);
std::vector<std::string> default_readonly_paths();

}  // namespace slipway::linux_backend
