#include <observe/usage.hpp>

#include <algorithm>
#include <limits>

namespace slipway::linux_backend {

using nlohmann::json;

namespace {
constexpr uint64_t kNanosPerSecond = 1'000'000'000;
}

json parse_flat_keyed(std::string_view text) {
    json values = json::object();
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto words = words_of(line);
        if (words.size() == 2) values[std::string(words[0])] = number_of(words[1]);
    }
    return values;
}

uint64_t limit_of(std::string_view text) {
    const auto words = words_of(text);
    if (words.empty()) return 0;
    return words[0] == "max" ? std::numeric_limits<uint64_t>::max() : number_of(words[0]);
}

void add_machine(json& usage, const MachineFacts& machine) {
    json& cpu = usage["cpu_stats"];
    // In two steps, so that years of many processors do not overflow.
    const uint64_t ticks = machine.ticks_per_second;
    cpu["system_cpu_usage"] =
        machine.cpu_ticks / ticks * kNanosPerSecond + machine.cpu_ticks % ticks * kNanosPerSecond / ticks;
    cpu["online_cpus"] = machine.cpus_online;
    const auto memory = usage.find("memory_stats");
    if (memory == usage.end() || machine.memory_bytes == 0) return;
    const auto limit = memory->find("limit");
    if (limit == memory->end() || limit->get<uint64_t>() > machine.memory_bytes) {
        (*memory)["limit"] = machine.memory_bytes;
    }
}

json parse_networks(std::string_view text) {
    json networks = json::object();
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        // "  eth0: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop ..."; no number may
        // be glued to the colon, but the name may hold one.
        const size_t colon = line.rfind(':');
        if (colon == std::string_view::npos) continue;  // the two lines of titles
        const auto name = words_of(line.substr(0, colon));
        const auto counters = words_of(line.substr(colon + 1));
        if (name.size() != 1 || name[0] == "lo" || counters.size() < 12) continue;
        const auto count = [&](size_t i) { return number_of(counters[i]); };
        networks[std::string(name[0])] = {{"rx_bytes", count(0)},   {"rx_packets", count(1)}, {"rx_errors", count(2)},
                                          {"rx_dropped", count(3)}, {"tx_bytes", count(8)},   {"tx_packets", count(9)},
                                          {"tx_errors", count(10)}, {"tx_dropped", count(11)}};
    }
    return networks;
}

}  // namespace slipway::linux_backend
