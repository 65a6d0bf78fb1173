#include <cgroup/device_rules.hpp>
#include <cgroup/limits.hpp>
#include <spec/json_access.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;
using Writes = std::vector<CgroupWrite>;

constexpr int64_t kDefaultPeriod = 100000;  // microseconds, the kernel's own default

std::string number_or_max(int64_t number) {
    return number < 0 ? "max" : std::to_string(number);
}

std::string device_of(const json& entry) {
    return std::to_string(read_int(entry, "major")) + ":" + std::to_string(read_int(entry, "minor"));
}

// ---- v1 --------------------------------------------------------------------------------------------------------

void v1_memory(const json& memory, Writes& writes) {
    const auto add = [&](const char* key, const char* file) {
        if (const auto value = find_int(memory, key)) writes.push_back({"memory", file, std::to_string(*value)});
    };
    add("limit", "memory.limit_in_bytes");
    add("swap", "memory.memsw.limit_in_bytes");
    add("reservation", "memory.soft_limit_in_bytes");
    add("kernel", "memory.kmem.limit_in_bytes");
    add("kernelTCP", "memory.kmem.tcp.limit_in_bytes");
    add("swappiness", "memory.swappiness");
    if (read_flag(memory, "disableOOMKiller")) writes.push_back({"memory", "memory.oom_control", "1"});
}

void v1_cpu(const json& cpu, Writes& writes) {
    const auto add = [&](const char* key, const char* file) {
        if (const auto value = find_int(cpu, key)) writes.push_back({"cpu", file, std::to_string(*value)});
    };
    add("shares", "cpu.shares");
    add("period", "cpu.cfs_period_us");  // before the quota, which is checked against it
    add("quota", "cpu.cfs_quota_us");
    add("realtimePeriod", "cpu.rt_period_us");
    add("realtimeRuntime", "cpu.rt_runtime_us");
}

void cpuset_writes(const json& cpu, Writes& writes) {
    for (const auto& [key, file] : {std::pair{"cpus", "cpuset.cpus"}, std::pair{"mems", "cpuset.mems"}}) {
        if (std::string list = read_text(cpu, key); !list.empty()) writes.push_back({"cpuset", file, std::move(list)});
    }
}

struct ThrottleList {
    const char* key;
    const char* v1_file;
    const char* v2_key;
};
constexpr std::array<ThrottleList, 4> kThrottles = {{
    {"throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"},
    {"throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"},
    {"throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"},
    {"throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"},
}};

void v1_block_io(const json& block_io, Writes& writes) {
    if (const auto weight = find_int(block_io, "weight")) {
        writes.push_back({"blkio", "blkio.weight", std::to_string(*weight)});
    }
    for (const json& entry : member_of(block_io, "weightDevice")) {
        writes.push_back(
            {"blkio", "blkio.weight_device", device_of(entry) + " " + std::to_string(read_int(entry, "weight"))});
    }
    for (const ThrottleList& list : kThrottles) {
        for (const json& entry : member_of(block_io, list.key)) {
            writes.push_back({"blkio", list.v1_file, device_of(entry) + " " + std::to_string(read_int(entry, "rate"))});
        }
    }
}

// ---- v2 --------------------------------------------------------------------------------------------------------

void v2_memory(const json& memory, Writes& writes) {
    const auto limit = find_int(memory, "limit");
    const auto swap = find_int(memory, "swap");
    if (limit) writes.push_back({"memory", "memory.max", number_or_max(*limit)});
    if (swap && *swap < 0) writes.push_back({"memory", "memory.swap.max", "max"});
    if (swap && *swap >= 0 && limit && *limit >= 0) {
        writes.push_back({"memory", "memory.swap.max", std::to_string(std::max<int64_t>(*swap - *limit, 0))});
    }
    if (const auto low = find_int(memory, "reservation")) {
        writes.push_back({"memory", "memory.low", number_or_max(*low)});
    }
}

// The kernel's documented mapping of v1 shares to v2 weights.
int64_t weight_of_shares(int64_t shares) {
    const int64_t clamped = std::clamp<int64_t>(shares, 2, 262144);
    return 1 + (clamped - 2) * 9999 / 262142;
}

void v2_cpu(const json& cpu, Writes& writes) {
    if (const int64_t shares = read_int(cpu, "shares"); shares != 0) {
        writes.push_back({"cpu", "cpu.weight", std::to_string(weight_of_shares(shares))});
    }
    const auto quota = find_int(cpu, "quota");
    const auto period = find_int(cpu, "period");
    if (!quota && !period) return;
    const std::string most = quota.value_or(0) > 0 ? std::to_string(*quota) : "max";
    const int64_t every = period.value_or(0) > 0 ? *period : kDefaultPeriod;
    writes.push_back({"cpu", "cpu.max", most + " " + std::to_string(every)});
}

void v2_block_io(const json& block_io, Writes& writes) {
    if (const auto weight = find_int(block_io, "weight")) {
        writes.push_back({"io", "io.bfq.weight", std::to_string(*weight)});
    }
    for (const json& entry : member_of(block_io, "weightDevice")) {
        writes.push_back({"io", "io.bfq.weight", device_of(entry) + " " + std::to_string(read_int(entry, "weight"))});
    }
    for (const ThrottleList& list : kThrottles) {
        for (const json& entry : member_of(block_io, list.key)) {
            writes.push_back(
                {"io", "io.max", device_of(entry) + " " + list.v2_key + "=" + std::to_string(read_int(entry, "rate"))});
        }
    }
}

}  // namespace

std::string io_weight_of(const std::string& bfq) {
    const size_t number = bfq.rfind(' ') == std::string::npos ? 0 : bfq.rfind(' ') + 1;
    const int64_t weight = std::clamp<int64_t>(std::atoll(bfq.c_str() + number), 10, 1000);
    return bfq.substr(0, number) + std::to_string(1 + (weight - 10) * 9999 / 990);
}

namespace {

void pids_writes(const json& resources, Writes& writes) {
    if (const auto limit = find_int(member_of(resources, "pids"), "limit")) {
        writes.push_back({"pids", "pids.max", *limit <= 0 ? "max" : std::to_string(*limit)});
    }
}

}  // namespace

Result<std::vector<CgroupWrite>> v1_writes(const json& resources) {
    Writes writes;
    cpuset_writes(member_of(resources, "cpu"), writes);
    v1_memory(member_of(resources, "memory"), writes);
    v1_cpu(member_of(resources, "cpu"), writes);
    v1_block_io(member_of(resources, "blockIO"), writes);
    pids_writes(resources, writes);

    Result<std::vector<DeviceRule>> rules = read_device_rules(resources);
    if (!rules) return std::move(rules).error();
    for (const DeviceRule& rule : *rules) {
        writes.push_back({"devices", rule.allow ? "devices.allow" : "devices.deny", rule.text()});
    }
    return writes;
}

std::vector<CgroupWrite> v2_writes(const json& resources) {
    Writes writes;
    cpuset_writes(member_of(resources, "cpu"), writes);
    v2_memory(member_of(resources, "memory"), writes);
    v2_cpu(member_of(resources, "cpu"), writes);
    v2_block_io(member_of(resources, "blockIO"), writes);
    pids_writes(resources, writes);
    return writes;
}

}  // namespace slipway::linux_backend
