#include "model/update.hpp"

#include <slipway/core/schema.hpp>

namespace slipway::core {
namespace {

using nlohmann::json;

constexpr const char* kLimits[] = {"BlkioWeight",        "CpuShares",  "NanoCpus",     "CpuPeriod",        "CpuQuota",
                                   "CpuRealtimePeriod",  "CpusetCpus", "CpusetMems",   "Memory",           "MemorySwap",
                                   "CpuRealtimeRuntime", "PidsLimit",  "KernelMemory", "MemoryReservation"};

Error conflicting(const char* why) {
    return Error(ErrorCode::kConflict, std::string("Conflicting options: ") + why);
}

int64_t number(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

Status check_quotas(const json& have, const json& update) {
    if (number(update, "NanoCpus") > 0 && number(have, "CpuPeriod") > 0) {
        return conflicting("Nano CPUs cannot be updated as CPU Period has already been set");
    }
    if (number(update, "NanoCpus") > 0 && number(have, "CpuQuota") > 0) {
        return conflicting("Nano CPUs cannot be updated as CPU Quota has already been set");
    }
    if (number(update, "CpuPeriod") > 0 && number(have, "NanoCpus") > 0) {
        return conflicting("CPU Period cannot be updated as NanoCPUs has already been set");
    }
    if (number(update, "CpuQuota") > 0 && number(have, "NanoCpus") > 0) {
        return conflicting("CPU Quota cannot be updated as NanoCPUs has already been set");
    }
    return ok();
}

Status check_swap(const json& have, const json& update) {
    const int64_t swap = number(have, "MemorySwap");
    if (number(update, "MemorySwap") != 0 || swap <= 0 || number(update, "Memory") <= swap) return ok();
    return conflicting(
        "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time");
}

const json* restart_policy(const json& request) {
    const auto policy = request.find("RestartPolicy");
    if (policy == request.end() || !policy->is_object() || policy->value("Name", "").empty()) return nullptr;
    return &*policy;
}

}  // namespace

Result<json> read_update(const json& request) {
    Result<json> all = normalise(host_config_schema(), request, "UpdateConfig");
    if (!all) return all;
    json picked = json::object();
    for (const char* key : kLimits) picked[key] = (*all)[key];
    picked["RestartPolicy"] = (*all)["RestartPolicy"];
    Result<json> update = normalise(host_config_schema(), picked, "UpdateConfig");
    if (!update) return update;
    if (Status refused = refuse_unimplemented(json::object(), *update); !refused) return std::move(refused).error();
    return update;
}

Result<MergedUpdate> merge_update(const json& host_config, const json& update, const json& request) {
    if (Status checked = check_quotas(host_config, update); !checked) return std::move(checked).error();
    if (Status checked = check_swap(host_config, update); !checked) return std::move(checked).error();
    MergedUpdate merged{host_config, {}};
    for (const char* key : kLimits) {
        const json& value = update.at(key);
        if (value.is_null() || value == 0 || value == "" || value == merged.host_config[key]) {
            // 0 for the pids limit takes it away, as -1 does.
            const bool lifts_pids = std::string_view(key) == "PidsLimit" && value == 0;
            if (!lifts_pids || merged.host_config[key] == 0) continue;
        }
        merged.host_config[key] = value;
        merged.changed.emplace_back(key);
    }
    if (restart_policy(request) == nullptr) return merged;
    const json& policy = update.at("RestartPolicy");
    if (host_config.value("AutoRemove", false) && policy.value("Name", "no") != "no") {
        return conflicting("Restart policy cannot be updated because AutoRemove is enabled for the container");
    }
    merged.host_config["RestartPolicy"] = policy;
    return merged;
}

}  // namespace slipway::core
