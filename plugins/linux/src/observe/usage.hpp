// plugins/linux/src/observe/usage.hpp - what a container uses, in the shapes of the Docker Engine API's
// ContainerStatsResponse for Linux.
#pragma once

#include <observe/proc_file.hpp>

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace slipway::linux_backend {

// The directory of the container's group that has a controller; empty when there is none.
using GroupOf = std::function<std::string(const std::string& controller)>;

// {"cpu_stats", "memory_stats", "blkio_stats", "pids_stats"} without what the machine adds. Controllers and files that
// do not exist leave their members out.
nlohmann::json read_v1_usage(const GroupOf& group_of, uint64_t ticks_per_second);
nlohmann::json read_v2_usage(const std::string& group);

// Adds system_cpu_usage and online_cpus, and cuts a memory limit above the machine's memory down to it.
void add_machine(nlohmann::json& usage, const MachineFacts& machine);

// "networks" from the text of /proc/<pid>/net/dev: the counters of each interface but loopback, as seen inside. An
// empty object without any.
nlohmann::json parse_networks(std::string_view text);

// --- shared by both versions ---------------------------------------------------------------------------------------
// {"key": number} of a file with lines "key number".
nlohmann::json parse_flat_keyed(std::string_view text);
// A limit file: UINT64_MAX for "max".
uint64_t limit_of(std::string_view text);

}  // namespace slipway::linux_backend
