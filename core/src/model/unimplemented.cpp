// What the engine does not do yet, as one table: each row names an option and tells when a value asks for it.
#include <slipway/core/schema.hpp>

#include "model/references.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace slipway::core {

namespace {

using nlohmann::json;

bool not_empty(const json& value) {
    return !value.empty() && value != "";
}
bool not_zero(const json& value) {
    return !value.is_null() && value != 0;
}
bool is_true(const json& value) {
    return value == true;
}

// Docker has them; any other name is nobody's and refused as such.
bool other_log_driver(const json& log) {
    static const std::set<std::string> kOthers = {"syslog", "journald", "gelf",    "fluentd",   "awslogs",
                                                  "splunk", "etwlogs",  "gcplogs", "logentries"};
    const json& type = log.at("Type");
    return type.is_string() && kOthers.contains(type.get<std::string>());
}

bool other_network(const json& mode) {
    return mode != "" && mode != "default" && mode != "bridge" && mode != "host" && mode != "none" &&
           !joined_container(mode.get_ref<const std::string&>());
}

bool other_mount(const json& mounts) {
    return std::any_of(mounts.begin(), mounts.end(), [](const json& mount) {
        const json& type = mount.at("Type");
        return type == "image" || type == "npipe" || type == "cluster";
    });
}

struct Row {
    std::string_view key;
    bool (*asked)(const json& value);
    std::string_view sentence;
};

constexpr Row kHostRows[] = {
    {"Privileged", is_true, "privileged containers are not implemented yet (HostConfig.Privileged)"},
    {"Mounts", other_mount, "only mounts of type bind, volume and tmpfs are implemented yet (HostConfig.Mounts)"},
    {"LogConfig", other_log_driver,
     "only the log drivers json-file, local and none are implemented yet (HostConfig.LogConfig.Type)"},
    {"NetworkMode", other_network,
     "only the networks bridge, host and none are implemented yet (HostConfig.NetworkMode)"},
    {"UsernsMode", not_empty, "user namespaces are not implemented yet (HostConfig.UsernsMode)"},
    {"StorageOpt", not_empty, "storage options are not implemented yet (HostConfig.StorageOpt)"},
    {"Init", is_true, "an init process in the container is not implemented yet (HostConfig.Init)"},
    {"CgroupParent", not_empty, "cgroup parents are not implemented yet (HostConfig.CgroupParent)"},
    {"Cgroup", not_empty, "joining a cgroup is not implemented yet (HostConfig.Cgroup)"},
    {"CpuRealtimePeriod", not_zero, "realtime scheduling is not implemented yet (HostConfig.CpuRealtimePeriod)"},
    {"CpuRealtimeRuntime", not_zero, "realtime scheduling is not implemented yet (HostConfig.CpuRealtimeRuntime)"},
    {"DeviceRequests", not_empty, "device requests are not implemented yet (HostConfig.DeviceRequests)"},
    {"KernelMemoryTCP", not_zero, "kernel memory limits are not implemented (HostConfig.KernelMemoryTCP)"},
    {"CpuCount", not_zero, "CPU counts belong to Windows containers (HostConfig.CpuCount)"},
};

constexpr Row kConfigRows[] = {
    {"NetworkDisabled", is_true, "use the network none; disabling is not implemented (Config.NetworkDisabled)"},
};

template <size_t kSize>
Status refuse(const Row (&rows)[kSize], const json& object, std::string_view path) {
    for (const Row& row : rows) {
        const auto value = object.find(row.key);
        if (value == object.end() || !row.asked(*value)) continue;
        return Error(ErrorCode::kUnimplemented, std::string(row.sentence))
            .with_resource(std::string(path) + "." + std::string(row.key));
    }
    return ok();
}

}  // namespace

Status refuse_unimplemented(const json& config, const json& host_config) {
    if (Status refused = refuse(kConfigRows, config, "Config"); !refused) return refused;
    return refuse(kHostRows, host_config, "HostConfig");
}

}  // namespace slipway::core
