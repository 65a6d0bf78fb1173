// What the engine does not do yet, as one table: each row names an option and tells when a value asks for it.
#include <slipway/core/schema.hpp>

#include <algorithm>
#include <array>
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

bool unknown_log_driver(const json& log) {
    const json& type = log.at("Type");
    return type != "" && type != "json-file" && type != "none";
}

bool other_network(const json& mode) {
    return mode != "" && mode != "default" && mode != "bridge" && mode != "host" && mode != "none";
}

bool other_namespace(const json& mode) {
    return mode != "" && mode != "private" && mode != "host";
}
bool other_ipc(const json& mode) {
    return other_namespace(mode) && mode != "shareable" && mode != "none";
}

bool other_security(const json& options) {
    return std::any_of(options.begin(), options.end(), [](const json& option) {
        static constexpr std::array<std::string_view, 8> kKnown{
            "no-new-privileges",       "no-new-privileges:true", "no-new-privileges=true", "no-new-privileges:false",
            "no-new-privileges=false", "seccomp=unconfined",     "seccomp:unconfined",     "seccomp=builtin"};
        const auto& text = option.get_ref<const std::string&>();
        // Without SELinux there is nothing to disable.
        return text != "label=disable" && text != "label:disable" &&
               std::find(kKnown.begin(), kKnown.end(), text) == kKnown.end();
    });
}

bool other_mount(const json& mounts) {
    return std::any_of(mounts.begin(), mounts.end(), [](const json& mount) {
        const json& type = mount.at("Type");
        return type == "volume" || type == "image" || type == "npipe" || type == "cluster";
    });
}

struct Row {
    std::string_view key;
    bool (*asked)(const json& value);
    std::string_view sentence;
};

constexpr Row kHostRows[] = {
    {"Privileged", is_true, "privileged containers are not implemented yet (HostConfig.Privileged)"},
    {"Mounts", other_mount, "only mounts of type bind and tmpfs are implemented yet (HostConfig.Mounts)"},
    {"VolumesFrom", not_empty, "volumes of other containers are not implemented yet (HostConfig.VolumesFrom)"},
    {"VolumeDriver", not_empty, "volume drivers are not implemented yet (HostConfig.VolumeDriver)"},
    {"LogConfig", unknown_log_driver,
     "only the log drivers json-file and none are implemented yet (HostConfig.LogConfig.Type)"},
    {"NetworkMode", other_network,
     "only the networks bridge, host and none are implemented yet (HostConfig.NetworkMode)"},
    {"Links", not_empty, "links are not implemented yet (HostConfig.Links)"},
    {"IpcMode", other_ipc, "sharing the IPC namespace of a container is not implemented yet (HostConfig.IpcMode)"},
    {"PidMode", other_namespace,
     "sharing the PID namespace of a container is not implemented yet (HostConfig.PidMode)"},
    {"UTSMode", other_namespace, "this UTS mode is not implemented (HostConfig.UTSMode)"},
    {"UsernsMode", not_empty, "user namespaces are not implemented yet (HostConfig.UsernsMode)"},
    {"SecurityOpt", other_security,
     "only the security options no-new-privileges and seccomp=unconfined are implemented yet "
     "(HostConfig.SecurityOpt)"},
    {"StorageOpt", not_empty, "storage options are not implemented yet (HostConfig.StorageOpt)"},
    {"Init", is_true, "an init process in the container is not implemented yet (HostConfig.Init)"},
    {"Isolation", [](const json& value) { return value != "" && value != "default"; },
     "isolation modes are not implemented yet (HostConfig.Isolation)"},
    {"CgroupParent", not_empty, "cgroup parents are not implemented yet (HostConfig.CgroupParent)"},
    {"Cgroup", not_empty, "joining a cgroup is not implemented yet (HostConfig.Cgroup)"},
    {"BlkioWeight", not_zero, "block I/O weights are not implemented yet (HostConfig.BlkioWeight)"},
    {"BlkioWeightDevice", not_empty, "block I/O weights are not implemented yet (HostConfig.BlkioWeightDevice)"},
    {"BlkioDeviceReadBps", not_empty, "block I/O limits are not implemented yet (HostConfig.BlkioDeviceReadBps)"},
    {"BlkioDeviceWriteBps", not_empty, "block I/O limits are not implemented yet (HostConfig.BlkioDeviceWriteBps)"},
    {"BlkioDeviceReadIOps", not_empty, "block I/O limits are not implemented yet (HostConfig.BlkioDeviceReadIOps)"},
    {"BlkioDeviceWriteIOps", not_empty, "block I/O limits are not implemented yet (HostConfig.BlkioDeviceWriteIOps)"},
    {"CpuRealtimePeriod", not_zero, "realtime scheduling is not implemented yet (HostConfig.CpuRealtimePeriod)"},
    {"CpuRealtimeRuntime", not_zero, "realtime scheduling is not implemented yet (HostConfig.CpuRealtimeRuntime)"},
    {"Devices", not_empty, "devices are not implemented yet (HostConfig.Devices)"},
    {"DeviceCgroupRules", not_empty, "device rules are not implemented yet (HostConfig.DeviceCgroupRules)"},
    {"DeviceRequests", not_empty, "device requests are not implemented yet (HostConfig.DeviceRequests)"},
    {"KernelMemory", not_zero, "kernel memory limits are not implemented (HostConfig.KernelMemory)"},
    {"KernelMemoryTCP", not_zero, "kernel memory limits are not implemented (HostConfig.KernelMemoryTCP)"},
    {"MemorySwappiness", [](const json& value) { return !value.is_null() && value != -1; },
     "memory swappiness is not implemented yet (HostConfig.MemorySwappiness)"},
    {"OomKillDisable", is_true, "disabling the OOM killer is not implemented yet (HostConfig.OomKillDisable)"},
    {"CpuCount", not_zero, "CPU counts belong to Windows containers (HostConfig.CpuCount)"},
    {"CpuPercent", not_zero, "CPU percentages belong to Windows containers (HostConfig.CpuPercent)"},
    {"IOMaximumIOps", not_zero, "I/O maxima belong to Windows containers (HostConfig.IOMaximumIOps)"},
    {"IOMaximumBandwidth", not_zero, "I/O maxima belong to Windows containers (HostConfig.IOMaximumBandwidth)"},
};

constexpr Row kConfigRows[] = {
    {"Volumes", not_empty, "anonymous volumes are not implemented yet (Config.Volumes)"},
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
