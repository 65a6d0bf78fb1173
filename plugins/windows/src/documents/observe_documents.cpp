#include <documents/observe_documents.hpp>

#include <documents/json_access.hpp>

#include <algorithm>
#include <cstdio>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

// HH:MM:SS.mmm
std::string duration_text(int64_t hundred_ns) {
    const int64_t ms = hundred_ns / 10'000;
    char text[48];
    std::snprintf(text, sizeof(text), "%02lld:%02lld:%02lld.%03lld", static_cast<long long>(ms / 3'600'000),
                  static_cast<long long>(ms / 60'000 % 60), static_cast<long long>(ms / 1000 % 60),
                  static_cast<long long>(ms % 1000));
    return text;
}

// Units of 1000, as docker top prints them.
std::string size_text(int64_t bytes) {
    static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
    double value = static_cast<double>(bytes);
    size_t unit = 0;
    for (; value >= 1000 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
    char text[32];
    std::snprintf(text, sizeof(text), "%.4g%s", value, kUnits[unit]);
    return text;
}

}  // namespace

json docker_stats(const json& properties, unsigned processors) {
    const json& all = member_of(properties, "Statistics");
    const json& processor = member_of(all, "Processor");
    const json& memory = member_of(all, "Memory");
    const json& storage = member_of(all, "Storage");
    return {{"num_procs", processors},
            {"cpu_stats",
             {{"cpu_usage",
               {{"total_usage", read_int(processor, "TotalRuntime100ns")},
                {"usage_in_kernelmode", read_int(processor, "RuntimeKernel100ns")},
                {"usage_in_usermode", read_int(processor, "RuntimeUser100ns")}}}}},
            {"memory_stats",
             {{"commitbytes", read_int(memory, "MemoryUsageCommitBytes")},
              {"commitpeakbytes", read_int(memory, "MemoryUsageCommitPeakBytes")},
              {"privateworkingset", read_int(memory, "MemoryUsagePrivateWorkingSetBytes")}}},
            {"storage_stats",
             {{"read_count_normalized", read_int(storage, "ReadCountNormalized")},
              {"read_size_bytes", read_int(storage, "ReadSizeBytes")},
              {"write_count_normalized", read_int(storage, "WriteCountNormalized")},
              {"write_size_bytes", read_int(storage, "WriteSizeBytes")}}}};
}

json docker_top(const json& properties) {
    const json& list = member_of(properties, "ProcessList");
    std::vector<json> processes;
    if (list.is_array()) processes.assign(list.begin(), list.end());
    std::sort(processes.begin(), processes.end(),
              [](const json& a, const json& b) { return read_int(a, "ProcessId") < read_int(b, "ProcessId"); });
    json rows = json::array();
    for (const json& process : processes) {
        rows.push_back({read_text(process, "ImageName"), std::to_string(read_int(process, "ProcessId")),
                        duration_text(read_int(process, "UserTime100ns") + read_int(process, "KernelTime100ns")),
                        size_text(read_int(process, "MemoryWorkingSetPrivateBytes"))});
    }
    return {{"Titles", {"Name", "PID", "CPU", "Private Working Set"}}, {"Processes", std::move(rows)}};
}

}  // namespace slipway::windows_backend
