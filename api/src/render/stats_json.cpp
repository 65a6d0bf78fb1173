#include "render/stats_json.hpp"

#include <slipway/core/clock.hpp>

namespace slipway::api {
namespace {

using nlohmann::json;

json empty_cpu() {
    return {{"cpu_usage", {{"total_usage", 0}, {"usage_in_kernelmode", 0}, {"usage_in_usermode", 0}}},
            {"throttling_data", {{"periods", 0}, {"throttled_periods", 0}, {"throttled_time", 0}}}};
}

json empty_block_io() {
    json block_io = json::object();
    for (const char* key :
         {"io_service_bytes_recursive", "io_serviced_recursive", "io_queue_recursive", "io_service_time_recursive",
          "io_wait_time_recursive", "io_merged_recursive", "io_time_recursive", "sectors_recursive"}) {
        block_io[key] = nullptr;
    }
    return block_io;
}

}  // namespace

json stats_json(const core::StatsSample& sample, const core::StatsSample& before) {
    json out = {{"pids_stats", json::object()},    {"blkio_stats", empty_block_io()}, {"num_procs", 0},
                {"storage_stats", json::object()}, {"cpu_stats", empty_cpu()},        {"precpu_stats", empty_cpu()},
                {"memory_stats", json::object()}};
    for (const char* key : {"pids_stats", "blkio_stats", "cpu_stats", "memory_stats", "storage_stats"}) {
        const auto found = sample.usage.find(key);
        if (found != sample.usage.end() && found->is_object()) out[key].update(*found);
    }
    for (const char* key : {"num_procs", "networks"}) {
        if (const auto found = sample.usage.find(key); found != sample.usage.end()) out[key] = *found;
    }
    if (const auto cpu = before.usage.find("cpu_stats"); cpu != before.usage.end() && cpu->is_object()) {
        out["precpu_stats"].update(*cpu);
    }
    out["read"] = core::to_rfc3339(sample.when);
    out["preread"] = core::to_rfc3339(before.when);
    out["id"] = sample.id;
    out["name"] = "/" + sample.name;
    return out;
}

}  // namespace slipway::api
