#include <documents/verify.hpp>

#include <documents/environment.hpp>
#include <documents/isolation.hpp>
#include <documents/json_access.hpp>
#include <documents/paths.hpp>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

Error invalid(std::string text) {
    return Error(ErrorCode::kInvalidArgument, std::move(text));
}

Error missing(const std::string& what) {
    return Error(ErrorCode::kUnimplemented, "the windows backend does not offer " + what);
}

// Count beats shares beats percent.
void drop_weaker_processor_limits(json& config, json& warnings) {
    const auto drop = [&](const char* key, const char* strong, const char* weak) {
        if (read_int(config, key) <= 0) return;
        warnings.push_back(std::string("Conflicting options: CPU ") + strong + " takes priority over CPU " + weak +
                           " on Windows Server Containers. CPU " + weak + " discarded");
        config[key] = 0;
    };
    if (read_int(config, "CpuCount") > 0) {
        drop("CpuShares", "count", "shares");
        drop("CpuPercent", "count", "percent");
    } else if (read_int(config, "CpuShares") > 0) {
        drop("CpuPercent", "shares", "percent");
    }
}

Status check_processor(const json& config, unsigned host_processors) {
    const int64_t shares = read_int(config, "CpuShares"), percent = read_int(config, "CpuPercent");
    const int64_t nano = read_int(config, "NanoCpus");
    if (shares < 0 || shares > 10'000) return invalid("range of CPUShares is from 1 to 10000");
    if (percent < 0 || percent > 100) return invalid("range of CPUPercent is from 1 to 100");
    if (read_int(config, "CpuCount") < 0) return invalid("invalid CPUCount: CPUCount cannot be negative");
    if (nano > 0 && percent > 0) {
        return invalid("conflicting options: Nano CPUs and CPU Percent cannot both be set");
    }
    if (nano > 0 && shares > 0) return invalid("conflicting options: Nano CPUs and CPU Shares cannot both be set");
    if (nano < 0 || nano > static_cast<int64_t>(host_processors) * 1'000'000'000) {
        const std::string count = std::to_string(host_processors);
        return invalid("range of CPUs is from 0.01 to " + count + ".00, as there are only " + count +
                       " CPUs available");
    }
    return ok();
}

bool is_set(const json& config, const char* key) {
    const json& value = member_of(config, key);
    if (value.is_boolean()) return value.get<bool>();
    if (value.is_string()) return !value.get_ref<const std::string&>().empty();
    if (value.is_array() || value.is_object()) return !value.empty();
    return read_int(config, key) != 0;
}

Status check_unknown_to_windows(const json& config) {
    struct Row {
        const char* key;
        const char* name;  // as Docker writes it
    };
    static constexpr Row kRows[] = {{"BlkioDeviceReadBps", "BlkioDeviceReadBps"},
                                    {"BlkioDeviceReadIOps", "BlkioDeviceReadIOps"},
                                    {"BlkioDeviceWriteBps", "BlkioDeviceWriteBps"},
                                    {"BlkioDeviceWriteIOps", "BlkioDeviceWriteIOps"},
                                    {"BlkioWeight", "BlkioWeight"},
                                    {"BlkioWeightDevice", "BlkioWeightDevice"},
                                    {"CgroupParent", "CgroupParent"},
                                    {"CpuPeriod", "CPUPeriod"},
                                    {"CpusetCpus", "CpusetCpus"},
                                    {"CpusetMems", "CpusetMems"},
                                    {"KernelMemory", "KernelMemory"},
                                    {"MemoryReservation", "MemoryReservation"},
                                    {"MemorySwap", "MemorySwap"},
                                    {"MemorySwappiness", "MemorySwappiness"},
                                    {"OomKillDisable", "OomKillDisable"},
                                    {"PidsLimit", "PidsLimit"},
                                    {"Ulimits", "Ulimits"}};
    for (const Row& row : kRows) {
        if (is_set(config, row.key))
            return invalid(std::string("invalid option: Windows does not support ") + row.name);
    }
    if (is_set(config, "CpuRealtimePeriod")) return invalid("Windows does not support CPU real-time period");
    if (is_set(config, "CpuRealtimeRuntime")) return invalid("Windows does not support CPU real-time runtime");
    if (is_set(config, "Privileged")) return invalid("Windows does not support privileged mode");
    if (is_set(config, "ReadonlyRootfs")) {
        return invalid("Windows does not support root filesystem in read-only mode");
    }
    return ok();
}

Status check_modes(const json& config) {
    const std::string isolation = read_text(config, "Isolation");
    if (!isolation.empty() && !equal_ignoring_case(isolation, "default") &&
        !equal_ignoring_case(isolation, "process") && !is_hyperv(config)) {
        return invalid("invalid isolation '" + isolation + "' on windows");
    }
    if (read_text(config, "NetworkMode") == "host") return invalid("invalid network mode: host");
    for (const char* key : {"PidMode", "UTSMode", "UsernsMode", "CgroupnsMode"}) {
        const std::string mode = read_text(config, key);
        if (!mode.empty()) return invalid(std::string("invalid option: Windows does not support ") + key);
    }
    const std::string ipc = read_text(config, "IpcMode");
    if (!ipc.empty() && ipc != "private") return invalid("invalid IPC mode: " + ipc);
    for (const char* key : {"CapAdd", "CapDrop", "Sysctls", "Tmpfs", "GroupAdd", "DeviceCgroupRules"}) {
        if (has_items(config, key)) return invalid(std::string("invalid option: Windows does not support ") + key);
    }
    return ok();
}

// What a virtual machine keeps its container from.
Status check_hyperv(const json& config) {
    if (!is_hyperv(config)) return ok();
    if (read_text(config, "NetworkMode").starts_with("container:")) {
        return invalid(
            "invalid network-mode: using the network stack of another container is not supported while using "
            "Hyper-V Containers");
    }
    if (has_items(config, "Devices")) return invalid("device assignment is not supported for HyperV containers");
    return ok();
}

Status check_offered(const json& config) {
    if (read_int(config, "Memory") < 0) return invalid("memory limit must not be negative");
    if (has_items(config, "StorageOpt")) return missing("storage options");
    if (has_items(config, "DeviceRequests")) return missing("device requests");
    for (const std::string& option : read_texts(config, "SecurityOpt")) {
        if (option.starts_with("credentialspec=")) return missing("credential specs");
        return invalid("invalid security option: " + option);
    }
    const json& devices = member_of(config, "Devices");
    for (const json& device : devices.is_array() ? devices : json::array()) {
        const std::string path = read_text(device, "PathOnHost");
        if (!path.starts_with("class/") || path.size() == 6) {
            return invalid("invalid device assignment path: '" + path + "', must be 'class/ID'");
        }
    }
    return ok();
}

// What clients of Linux daemons send to say "nothing".
void drop_defaults_of_linux(json& config) {
    if (read_int(config, "MemorySwappiness") == -1) config["MemorySwappiness"] = nullptr;
    if (read_int(config, "PidsLimit") == -1) config["PidsLimit"] = nullptr;
}

}  // namespace

Result<json> verify(const json& request, unsigned host_processors) {
    json config = member_of(request, "HostConfig");
    if (!config.is_object()) return invalid("request has no HostConfig object");
    json warnings = json::array();
    drop_defaults_of_linux(config);
    if (Status checked = check_modes(config); !checked) return std::move(checked).error();
    if (Status checked = check_hyperv(config); !checked) return std::move(checked).error();
    if (is_hyperv(config)) {
        config["Isolation"] = "hyperv";
    } else {
        drop_weaker_processor_limits(config, warnings);
    }
    if (Status checked = check_processor(config, host_processors); !checked) return std::move(checked).error();
    if (Status checked = check_unknown_to_windows(config); !checked) return std::move(checked).error();
    if (Status checked = check_offered(config); !checked) return std::move(checked).error();
    if (const int64_t count = read_int(config, "CpuCount"); count > static_cast<int64_t>(host_processors)) {
        warnings.push_back("Your system has " + std::to_string(host_processors) + " CPUs. CPUCount " +
                           std::to_string(count) + " is limited to that.");
        config["CpuCount"] = host_processors;
    }
    return json{{"HostConfig", std::move(config)}, {"Warnings", std::move(warnings)}};
}

}  // namespace slipway::windows_backend
