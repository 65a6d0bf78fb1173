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

// Docker has them; any other name is nobody's and refused as such.
bool other_log_driver(const json& log) {
    static const std::set<std::string> kOthers = {"gelf",    "fluentd", "awslogs",   "splunk",
                                                  "etwlogs", "gcplogs", "logentries"};
    const json& type = log.at("Type");
    return type.is_string() && kOthers.contains(type.get<std::string>());
}

bool other_network(const json& mode) {
    return mode != "" && mode != "default" && mode != "bridge" && mode != "host" && mode != "none" && mode != "nat" &&
           !joined_container(mode.get_ref<const std::string&>());
}

bool other_mount(const json& mounts) {
    return std::any_of(mounts.begin(), mounts.end(), [](const json& mount) {
        const json& type = mount.at("Type");
        return type == "image" || type == "cluster";
    });
}

struct Row {
    std::string_view key;
    bool (*asked)(const json& value);
    std::string_view sentence;
};

constexpr Row kHostRows[] = {
    {"Mounts", other_mount,
     "only mounts of type bind, volume, tmpfs and npipe are implemented yet (HostConfig.Mounts)"},
    {"LogConfig", other_log_driver,
     "only the log drivers json-file, local, syslog, journald and none are implemented yet "
     "(HostConfig.LogConfig.Type)"},
    {"NetworkMode", other_network,
     "only the networks bridge, host and none are implemented yet (HostConfig.NetworkMode)"},
    {"Cgroup", not_empty,
     "containers do not share control groups; HostConfig.CgroupParent puts several below one (HostConfig.Cgroup)"},
};

}  // namespace

Status refuse_unimplemented(const json&, const json& host_config) {
    for (const Row& row : kHostRows) {
        const auto value = host_config.find(row.key);
        if (value == host_config.end() || !row.asked(*value)) continue;
        return Error(ErrorCode::kUnimplemented, std::string(row.sentence))
            .with_resource("HostConfig." + std::string(row.key));
    }
    return ok();
}

}  // namespace slipway::core
