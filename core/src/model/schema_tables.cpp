// The tables of schema.hpp. Keys and order follow the Docker Engine API 1.51: ContainerConfig, HostConfig with
// Resources, NetworkingConfig. A default is what inspect shows for a container that asked for nothing.
#include <slipway/core/schema.hpp>

#include <vector>

namespace slipway::core {

namespace {

using nlohmann::json;
using enum FieldType;

// Defaults are built on first use: a table of static json objects would depend on the order of initialisation.
using Table = std::vector<Field>;

const json& empty_list() {
    static const json value = json::array();
    return value;
}
const json& empty_object() {
    static const json value = json::object();
    return value;
}

const Table& health_config() {
    static const Table table{
        {"Test", kStringList, empty_list()}, {"Interval", kInt, 0}, {"Timeout", kInt, 0}, {"StartPeriod", kInt, 0},
        {"StartInterval", kInt, 0},          {"Retries", kInt, 0},
    };
    return table;
}

const Table& restart_policy() {
    static const Table table{{"Name", kString, "no"}, {"MaximumRetryCount", kInt, 0}};
    return table;
}

const Table& log_config() {
    static const Table table{{"Type", kString, "json-file"}, {"Config", kStringMap, empty_object()}};
    return table;
}

const Table& weight_device() {
    static const Table table{{"Path", kString, ""}, {"Weight", kInt, 0}};
    return table;
}

const Table& throttle_device() {
    static const Table table{{"Path", kString, ""}, {"Rate", kInt, 0}};
    return table;
}

const Table& device_mapping() {
    static const Table table{
        {"PathOnHost", kString, ""}, {"PathInContainer", kString, ""}, {"CgroupPermissions", kString, ""}};
    return table;
}

const Table& ulimit() {
    static const Table table{{"Name", kString, ""}, {"Hard", kInt, 0}, {"Soft", kInt, 0}};
    return table;
}

const Table& bind_options() {
    static const Table table{{"Propagation", kString, ""},
                             {"NonRecursive", kBool, false},
                             {"CreateMountpoint", kBool, false},
                             {"ReadOnlyNonRecursive", kBool, false},
                             {"ReadOnlyForceRecursive", kBool, false}};
    return table;
}

// Options are lists of one or two words each.
const Table& tmpfs_options() {
    static const Table table{{"SizeBytes", kInt, 0}, {"Mode", kInt, 0}, {"Options", kAny, empty_list()}};
    return table;
}

const Table& driver_config() {
    static const Table table{{"Name", kString, ""}, {"Options", kStringMap, empty_object()}};
    return table;
}

const Table& volume_options() {
    static const Table table{{"NoCopy", kBool, false},
                             {"Labels", kStringMap, empty_object()},
                             {"DriverConfig", kObject, nullptr, driver_config()},
                             {"Subpath", kString, ""}};
    return table;
}

const Table& mount() {
    static const Table table{{"Type", kString, ""},
                             {"Source", kString, ""},
                             {"Target", kString, ""},
                             {"ReadOnly", kBool, false},
                             {"Consistency", kString, ""},
                             {"BindOptions", kObject, nullptr, bind_options()},
                             {"VolumeOptions", kObject, nullptr, volume_options()},
                             {"ImageOptions", kObject, nullptr},
                             {"TmpfsOptions", kObject, nullptr, tmpfs_options()}};
    return table;
}

const Table& ipam_config() {
    static const Table table{
        {"IPv4Address", kString, ""}, {"IPv6Address", kString, ""}, {"LinkLocalIPs", kStringList, empty_list()}};
    return table;
}

}  // namespace

std::span<const Field> endpoint_settings_schema() {
    static const Table table{{"IPAMConfig", kObject, nullptr, ipam_config()},
                             {"Links", kStringList, empty_list()},
                             {"Aliases", kStringList, empty_list()},
                             {"MacAddress", kString, ""},
                             {"DriverOpts", kStringMap, empty_object()},
                             {"GwPriority", kInt, 0},
                             {"NetworkID", kString, ""},
                             {"EndpointID", kString, ""},
                             {"Gateway", kString, ""},
                             {"IPAddress", kString, ""},
                             {"IPPrefixLen", kInt, 0},
                             {"IPv6Gateway", kString, ""},
                             {"GlobalIPv6Address", kString, ""},
                             {"GlobalIPv6PrefixLen", kInt, 0},
                             {"DNSNames", kStringList, empty_list()}};
    return table;
}

std::span<const Field> config_schema() {
    static const Table table{{"Hostname", kString, ""},
                             {"Domainname", kString, ""},
                             {"User", kString, ""},
                             {"AttachStdin", kBool, false},
                             {"AttachStdout", kBool, false},
                             {"AttachStderr", kBool, false},
                             {"ExposedPorts", kStringSet, empty_object()},
                             {"Tty", kBool, false},
                             {"OpenStdin", kBool, false},
                             {"StdinOnce", kBool, false},
                             {"Env", kStringList, empty_list()},
                             {"Cmd", kCommand, nullptr},
                             {"Healthcheck", kObject, nullptr, health_config()},
                             {"ArgsEscaped", kBool, false},
                             {"Image", kString, ""},
                             {"Volumes", kStringSet, empty_object()},
                             {"WorkingDir", kString, ""},
                             {"Entrypoint", kCommand, nullptr},
                             {"NetworkDisabled", kBool, false},
                             {"MacAddress", kString, ""},
                             {"OnBuild", kStringList, empty_list()},
                             {"Labels", kStringMap, empty_object()},
                             {"StopSignal", kString, ""},
                             {"StopTimeout", kNullableInt, nullptr},
                             {"Shell", kStringList, empty_list()}};
    return table;
}

namespace {

const Table& resources() {
    static const Table table{{"CpuShares", kInt, 0},
                             {"Memory", kInt, 0},
                             {"NanoCpus", kInt, 0},
                             {"CgroupParent", kString, ""},
                             {"BlkioWeight", kInt, 0},
                             {"BlkioWeightDevice", kObjectList, empty_list(), weight_device()},
                             {"BlkioDeviceReadBps", kObjectList, empty_list(), throttle_device()},
                             {"BlkioDeviceWriteBps", kObjectList, empty_list(), throttle_device()},
                             {"BlkioDeviceReadIOps", kObjectList, empty_list(), throttle_device()},
                             {"BlkioDeviceWriteIOps", kObjectList, empty_list(), throttle_device()},
                             {"CpuPeriod", kInt, 0},
                             {"CpuQuota", kInt, 0},
                             {"CpuRealtimePeriod", kInt, 0},
                             {"CpuRealtimeRuntime", kInt, 0},
                             {"CpusetCpus", kString, ""},
                             {"CpusetMems", kString, ""},
                             {"Devices", kObjectList, empty_list(), device_mapping()},
                             {"DeviceCgroupRules", kStringList, empty_list()},
                             {"DeviceRequests", kObjectList, empty_list()},
                             {"KernelMemory", kInt, 0},
                             {"KernelMemoryTCP", kInt, 0},
                             {"MemoryReservation", kInt, 0},
                             {"MemorySwap", kInt, 0},
                             {"MemorySwappiness", kNullableInt, nullptr},
                             {"OomKillDisable", kNullableBool, nullptr},
                             {"PidsLimit", kNullableInt, nullptr},
                             {"Ulimits", kObjectList, empty_list(), ulimit()},
                             {"CpuCount", kInt, 0},
                             {"CpuPercent", kInt, 0},
                             {"IOMaximumIOps", kInt, 0},
                             {"IOMaximumBandwidth", kInt, 0}};
    return table;
}

const Table& host_settings() {
    static const Table table{{"Binds", kStringList, empty_list()},
                             {"ContainerIDFile", kString, ""},
                             {"LogConfig", kObject, empty_object(), log_config()},
                             {"NetworkMode", kString, "default"},
                             {"PortBindings", kPortMap, empty_object()},
                             {"RestartPolicy", kObject, empty_object(), restart_policy()},
                             {"AutoRemove", kBool, false},
                             {"VolumeDriver", kString, ""},
                             {"VolumesFrom", kStringList, empty_list()},
                             {"Mounts", kObjectList, empty_list(), mount()},
                             {"ConsoleSize", kIntPair, json::array({0, 0})},
                             {"Annotations", kStringMap, empty_object()},
                             {"CapAdd", kStringList, empty_list()},
                             {"CapDrop", kStringList, empty_list()},
                             {"CgroupnsMode", kString, ""},
                             {"Dns", kStringList, empty_list()},
                             {"DnsOptions", kStringList, empty_list()},
                             {"DnsSearch", kStringList, empty_list()},
                             {"ExtraHosts", kStringList, empty_list()},
                             {"GroupAdd", kStringList, empty_list()},
                             {"IpcMode", kString, ""},
                             {"Cgroup", kString, ""},
                             {"Links", kStringList, empty_list()},
                             {"OomScoreAdj", kInt, 0},
                             {"PidMode", kString, ""},
                             {"Privileged", kBool, false},
                             {"PublishAllPorts", kBool, false},
                             {"ReadonlyRootfs", kBool, false},
                             {"SecurityOpt", kStringList, empty_list()},
                             {"StorageOpt", kStringMap, empty_object()},
                             {"Tmpfs", kStringMap, empty_object()},
                             {"UTSMode", kString, ""},
                             {"UsernsMode", kString, ""},
                             {"ShmSize", kInt, 0},
                             {"Sysctls", kStringMap, empty_object()},
                             {"Runtime", kString, ""},
                             {"Isolation", kString, ""},
                             {"MaskedPaths", kStringList, nullptr},
                             {"ReadonlyPaths", kStringList, nullptr},
                             {"Init", kNullableBool, nullptr}};
    return table;
}

}  // namespace

std::span<const Field> host_config_schema() {
    static const Table table = [] {
        Table all = host_settings();
        all.insert(all.end(), resources().begin(), resources().end());
        return all;
    }();
    return table;
}

std::span<const Field> networking_config_schema() {
    static const Table table{{"EndpointsConfig", kObjectMap, empty_object(), endpoint_settings_schema()}};
    return table;
}

}  // namespace slipway::core
