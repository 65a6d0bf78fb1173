#include <spec/json_access.hpp>
#include <spec/resources.hpp>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <string>
#include <string_view>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

constexpr uint64_t kNofileSoft = 1024;
constexpr uint64_t kNofileHard = 524288;
constexpr int64_t kNanoPeriod = 100000;

json memory_of(const json& config) {
    json memory = json::object();
    if (const int64_t limit = read_int(config, "Memory"); limit > 0) memory["limit"] = limit;
    if (const int64_t reserved = read_int(config, "MemoryReservation"); reserved > 0) memory["reservation"] = reserved;
    if (const int64_t kernel = read_int(config, "KernelMemory"); kernel > 0) memory["kernel"] = kernel;
    if (const int64_t tcp = read_int(config, "KernelMemoryTCP"); tcp > 0) memory["kernelTCP"] = tcp;
    // -1, no limit on swap, is what a fresh group has anyway.
    if (const int64_t swap = read_int(config, "MemorySwap"); swap > 0) memory["swap"] = swap;
    if (const auto swappiness = find_int(config, "MemorySwappiness"); swappiness && *swappiness >= 0) {
        memory["swappiness"] = *swappiness;
    }
    if (read_flag(config, "OomKillDisable")) memory["disableOOMKiller"] = true;
    return memory;
}

json cpu_of(const json& config) {
    json cpu = json::object();
    if (const int64_t shares = read_int(config, "CpuShares"); shares > 0) cpu["shares"] = shares;
    if (const int64_t nano = read_int(config, "NanoCpus"); nano > 0) {
        cpu["period"] = kNanoPeriod;
        cpu["quota"] = nano / (1'000'000'000 / kNanoPeriod);
    }
    for (const auto& [key, name] :
         {std::pair{"CpuPeriod", "period"}, std::pair{"CpuQuota", "quota"},
          std::pair{"CpuRealtimePeriod", "realtimePeriod"}, std::pair{"CpuRealtimeRuntime", "realtimeRuntime"}}) {
        if (const int64_t value = read_int(config, key); value != 0) cpu[name] = value;
    }
    if (const std::string cpus = read_text(config, "CpusetCpus"); !cpus.empty()) cpu["cpus"] = cpus;
    if (const std::string mems = read_text(config, "CpusetMems"); !mems.empty()) cpu["mems"] = mems;
    return cpu;
}

// `value` is the key of the list's numbers in HostConfig.
Result<json> devices_of(const json& config, const char* key, const char* value, const char* name) {
    json list = json::array();
    const json& entries = member_of(config, key);
    for (const json& entry : entries.is_array() ? entries : json::array()) {
        const std::string path = read_text(entry, "Path");
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0) {
            const int err = errno;
            return Error::from_errno(err, "stat '" + path + "'")
                .with_code(ErrorCode::kNotFound)
                .with_operation("stat")
                .with_resource(path);
        }
        list.push_back(
            {{"major", major(info.st_rdev)}, {"minor", minor(info.st_rdev)}, {name, read_int(entry, value)}});
    }
    return list;
}

Result<json> block_io_of(const json& config) {
    json block_io = json::object();
    if (const int64_t weight = read_int(config, "BlkioWeight"); weight > 0) block_io["weight"] = weight;
    Result<json> weights = devices_of(config, "BlkioWeightDevice", "Weight", "weight");
    if (!weights) return std::move(weights).error();
    if (!weights->empty()) block_io["weightDevice"] = std::move(*weights);
    for (const auto& [key, name] : {std::pair{"BlkioDeviceReadBps", "throttleReadBpsDevice"},
                                    std::pair{"BlkioDeviceWriteBps", "throttleWriteBpsDevice"},
                                    std::pair{"BlkioDeviceReadIOps", "throttleReadIOPSDevice"},
                                    std::pair{"BlkioDeviceWriteIOps", "throttleWriteIOPSDevice"}}) {
        Result<json> list = devices_of(config, key, "Rate", "rate");
        if (!list) return std::move(list).error();
        if (!list->empty()) block_io[name] = std::move(*list);
    }
    return block_io;
}

constexpr std::string_view kLimitNames[] = {"as",      "core",     "cpu",        "data",   "fsize", "locks",
                                            "memlock", "msgqueue", "nice",       "nofile", "nproc", "rss",
                                            "rtprio",  "rttime",   "sigpending", "stack"};

// -1 is unlimited, which the kernel spells as the largest number.
uint64_t limit_of(int64_t value) {
    return value < 0 ? UINT64_MAX : static_cast<uint64_t>(value);
}

Result<json> rlimit_of(const json& entry) {
    const std::string name = read_text(entry, "Name");
    if (std::find(std::begin(kLimitNames), std::end(kLimitNames), name) == std::end(kLimitNames)) {
        return Error(ErrorCode::kInvalidArgument, "invalid ulimit type: " + name).with_resource(name);
    }
    const int64_t soft = read_int(entry, "Soft");
    const int64_t hard = read_int(entry, "Hard");
    if (limit_of(soft) > limit_of(hard)) {
        return Error(ErrorCode::kInvalidArgument, "ulimit soft limit must be less than or equal to hard limit: " +
                                                      std::to_string(soft) + " > " + std::to_string(hard))
            .with_resource(name);
    }
    std::string type = "RLIMIT_";
    for (const char c : name) type += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return json{{"type", type}, {"soft", limit_of(soft)}, {"hard", limit_of(hard)}};
}

}  // namespace

Result<json> resolve_resources(const json& host_config) {
    json resources = json::object();
    if (json memory = memory_of(host_config); !memory.empty()) resources["memory"] = std::move(memory);
    if (json cpu = cpu_of(host_config); !cpu.empty()) resources["cpu"] = std::move(cpu);
    // Docker has no default limit, and neither have we: a database with 5000 threads must not break silently.
    if (const int64_t pids = read_int(host_config, "PidsLimit"); pids > 0) resources["pids"] = {{"limit", pids}};
    Result<json> block_io = block_io_of(host_config);
    if (!block_io) return std::move(block_io).error();
    if (!block_io->empty()) resources["blockIO"] = std::move(*block_io);
    return resources;
}

Result<json> resolve_rlimits(const json& host_config, const KernelFacts& kernel) {
    json limits = json::array();
    bool has_nofile = false;
    const json& given = member_of(host_config, "Ulimits");
    for (const json& entry : given.is_array() ? given : json::array()) {
        Result<json> limit = rlimit_of(entry);
        if (!limit) return std::move(limit).error();
        has_nofile = has_nofile || (*limit)["type"] == "RLIMIT_NOFILE";
        limits.push_back(std::move(*limit));
    }
    if (has_nofile) return limits;

    constexpr uint64_t kSysResource = uint64_t{1} << 24;
    const bool may_raise = (kernel.capabilities & kSysResource) != 0;
    const uint64_t hard = may_raise ? kNofileHard : std::min(kNofileHard, kernel.nofile_hard_limit);
    limits.push_back({{"type", "RLIMIT_NOFILE"}, {"soft", std::min(kNofileSoft, hard)}, {"hard", hard}});
    return limits;
}

}  // namespace slipway::linux_backend
