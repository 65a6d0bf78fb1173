// The files: Documentation/admin-guide/cgroup-v1/.
#include <observe/usage.hpp>

#include <algorithm>
#include <initializer_list>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

constexpr uint64_t kNanosPerSecond = 1'000'000'000;

json read_cpu(const GroupOf& group_of, uint64_t ticks_per_second) {
    json cpu = {{"throttling_data", {{"periods", 0}, {"throttled_periods", 0}, {"throttled_time", 0}}},
                {"cpu_usage", {{"total_usage", 0}, {"usage_in_kernelmode", 0}, {"usage_in_usermode", 0}}}};
    if (const std::string group = group_of("cpuacct"); !group.empty()) {
        json& usage = cpu["cpu_usage"];
        const std::string total = read_proc(group + "/cpuacct.usage");
        usage["total_usage"] = limit_of(total);
        json each = json::array();
        const std::string text = read_proc(group + "/cpuacct.usage_percpu");
        for (const std::string_view word : words_of(text)) each.push_back(number_of(word));
        usage["percpu_usage"] = std::move(each);
        const json split = parse_flat_keyed(read_proc(group + "/cpuacct.stat"));
        const auto nanos = [&](const char* key) {
            return split.value(key, uint64_t{0}) * (kNanosPerSecond / ticks_per_second);
        };
        usage["usage_in_usermode"] = nanos("user");
        usage["usage_in_kernelmode"] = nanos("system");
    }
    if (const std::string group = group_of("cpu"); !group.empty()) {
        const json stat = parse_flat_keyed(read_proc(group + "/cpu.stat"));
        cpu["throttling_data"] = {{"periods", stat.value("nr_periods", uint64_t{0})},
                                  {"throttled_periods", stat.value("nr_throttled", uint64_t{0})},
                                  {"throttled_time", stat.value("throttled_time", uint64_t{0})}};
    }
    return cpu;
}

json read_memory(const std::string& group) {
    const auto number = [&](const char* file) { return limit_of(read_proc(group + "/memory." + file)); };
    return {{"usage", number("usage_in_bytes")},
            {"max_usage", number("max_usage_in_bytes")},
            {"failcnt", number("failcnt")},
            {"limit", number("limit_in_bytes")},
            {"stats", parse_flat_keyed(read_proc(group + "/memory.stat"))}};
}

// "8:0 Read 4096" a line, or "8:0 17" for counters without a direction; the sums at the end are left out.
json parse_entries(std::string_view text) {
    json entries = json::array();
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto words = words_of(line);
        if (words.size() < 2 || words.size() > 3) continue;
        const size_t colon = words[0].find(':');
        if (colon == std::string_view::npos) continue;
        entries.push_back({{"major", number_of(words[0].substr(0, colon))},
                           {"minor", number_of(words[0].substr(colon + 1))},
                           {"op", words.size() == 3 ? std::string(words[1]) : std::string()},
                           {"value", number_of(words.back())}});
    }
    return entries;
}

// The first file that has something to say: which ones exist depends on the kernel's age and the disk's scheduler.
json first_entries(const std::string& group, std::initializer_list<const char*> files) {
    for (const char* file : files) {
        json entries = parse_entries(read_proc(group + "/blkio." + file, 1 << 20));
        if (!entries.empty()) return entries;
    }
    return json::array();
}

json read_block_io(const std::string& group) {
    return {{"io_service_bytes_recursive",
             first_entries(group, {"io_service_bytes_recursive", "bfq.io_service_bytes_recursive",
                                   "throttle.io_service_bytes_recursive", "throttle.io_service_bytes"})},
            {"io_serviced_recursive", first_entries(group, {"io_serviced_recursive", "bfq.io_serviced_recursive",
                                                            "throttle.io_serviced_recursive", "throttle.io_serviced"})},
            {"io_queue_recursive", first_entries(group, {"io_queued_recursive", "bfq.io_queued_recursive"})},
            {"io_service_time_recursive",
             first_entries(group, {"io_service_time_recursive", "bfq.io_service_time_recursive"})},
            {"io_wait_time_recursive", first_entries(group, {"io_wait_time_recursive", "bfq.io_wait_time_recursive"})},
            {"io_merged_recursive", first_entries(group, {"io_merged_recursive", "bfq.io_merged_recursive"})},
            {"io_time_recursive", first_entries(group, {"time_recursive", "bfq.time_recursive"})},
            {"sectors_recursive", first_entries(group, {"sectors_recursive", "bfq.sectors_recursive"})}};
}

json read_pids(const std::string& group) {
    json pids = {{"current", limit_of(read_proc(group + "/pids.current"))}};
    const std::string limit = read_proc(group + "/pids.max");
    if (!limit.starts_with("max")) pids["limit"] = limit_of(limit);
    return pids;
}

}  // namespace

json read_v1_usage(const GroupOf& group_of, uint64_t ticks_per_second) {
    json usage = {{"cpu_stats", read_cpu(group_of, ticks_per_second)}};
    if (const std::string group = group_of("memory"); !group.empty()) usage["memory_stats"] = read_memory(group);
    if (const std::string group = group_of("blkio"); !group.empty()) usage["blkio_stats"] = read_block_io(group);
    if (const std::string group = group_of("pids"); !group.empty()) usage["pids_stats"] = read_pids(group);
    return usage;
}

}  // namespace slipway::linux_backend
