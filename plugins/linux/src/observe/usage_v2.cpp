// The files: Documentation/admin-guide/cgroup-v2.rst. One that is missing has its controller switched off.
#include <observe/usage.hpp>

#include <algorithm>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

constexpr uint64_t kNanosPerMicro = 1'000;

json read_cpu(const std::string& group) {
    const json stat = parse_flat_keyed(read_proc(group + "/cpu.stat"));
    const auto count = [&](const char* key) { return stat.value(key, uint64_t{0}); };
    return {{"cpu_usage",
             {{"total_usage", count("usage_usec") * kNanosPerMicro},
              {"usage_in_kernelmode", count("system_usec") * kNanosPerMicro},
              {"usage_in_usermode", count("user_usec") * kNanosPerMicro}}},
            {"throttling_data",
             {{"periods", count("nr_periods")},
              {"throttled_periods", count("nr_throttled")},
              {"throttled_time", count("throttled_usec") * kNanosPerMicro}}}};
}

// "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0" a line.
json parse_io(std::string_view text) {
    json entries = json::array();
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto words = words_of(line);
        const size_t colon = words.empty() ? std::string_view::npos : words[0].find(':');
        if (colon == std::string_view::npos) continue;
        for (const auto& [key, op] : {std::pair{"rbytes=", "read"}, std::pair{"wbytes=", "write"}}) {
            const auto found = std::find_if(words.begin(), words.end(),
                                            [key = key](std::string_view word) { return word.starts_with(key); });
            if (found == words.end()) continue;
            entries.push_back({{"major", number_of(words[0].substr(0, colon))},
                               {"minor", number_of(words[0].substr(colon + 1))},
                               {"op", op},
                               {"value", number_of(found->substr(std::string_view(key).size()))}});
        }
    }
    return entries;
}

}  // namespace

json read_v2_usage(const std::string& group) {
    json usage = {{"cpu_stats", read_cpu(group)}};
    if (const std::string current = read_proc(group + "/memory.current"); !current.empty()) {
        usage["memory_stats"] = {{"usage", limit_of(current)},
                                 {"limit", limit_of(read_proc(group + "/memory.max"))},
                                 {"stats", parse_flat_keyed(read_proc(group + "/memory.stat"))}};
    }
    if (const std::string current = read_proc(group + "/pids.current"); !current.empty()) {
        usage["pids_stats"] = {{"current", limit_of(current)}, {"limit", limit_of(read_proc(group + "/pids.max"))}};
    }
    // Empty until something was read or written.
    usage["blkio_stats"] = {{"io_service_bytes_recursive", parse_io(read_proc(group + "/io.stat", 1 << 20))}};
    return usage;
}

}  // namespace slipway::linux_backend
