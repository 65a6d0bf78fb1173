#include "model/mount_plan.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

using nlohmann::json;

// Labels and options are left out: they only matter while a volume is made.
json to_json(const MountSpec& mount) {
    return {{"type", mount.type},
            {"flags", mount.params.flags},
            {"source", mount.params.source ? json(*mount.params.source) : json()},
            {"target", mount.params.target},
            {"propagation", mount.params.propagation},
            {"limit_bytes", mount.params.limit_bytes},
            {"permissions", mount.params.mode},
            {"mode", mount.mode},
            {"listed", mount.listed},
            {"volume", mount.volume},
            {"subpath", mount.subpath},
            {"anonymous", mount.anonymous}};
}

MountSpec from_json(const json& entry) {
    MountSpec mount;
    entry.at("type").get_to(mount.type);
    entry.at("flags").get_to(mount.params.flags);
    if (const json& source = entry.at("source"); source.is_string()) mount.params.source = source.get<std::string>();
    entry.at("target").get_to(mount.params.target);
    entry.at("propagation").get_to(mount.params.propagation);
    entry.at("limit_bytes").get_to(mount.params.limit_bytes);
    entry.at("permissions").get_to(mount.params.mode);
    entry.at("mode").get_to(mount.mode);
    entry.at("listed").get_to(mount.listed);
    entry.at("volume").get_to(mount.volume);
    entry.at("subpath").get_to(mount.subpath);
    entry.at("anonymous").get_to(mount.anonymous);
    return mount;
}

}  // namespace

json to_plan(const std::vector<MountSpec>& mounts) {
    json plan = json::array();
    for (const MountSpec& mount : mounts) plan.push_back(to_json(mount));
    return plan;
}

Result<std::vector<MountSpec>> mounts_of(const ContainerRecord& record) {
    if (!record.mount_plan.is_array()) return wanted_mounts(record.host_config);
    std::vector<MountSpec> mounts;
    try {
        for (const json& entry : record.mount_plan) mounts.push_back(from_json(entry));
    } catch (const json::exception& e) {
        return Error(ErrorCode::kDataLoss, "container record: key 'mount_plan': " + std::string(e.what()));
    }
    return mounts;
}

void lay_over(std::vector<MountSpec>& mounts, std::vector<MountSpec> over) {
    for (MountSpec& next : over) {
        const auto same = std::find_if(mounts.begin(), mounts.end(), [&](const MountSpec& known) {
            return known.params.target == next.params.target;
        });
        if (same != mounts.end()) {
            *same = std::move(next);
        } else {
            mounts.push_back(std::move(next));
        }
    }
}

std::vector<std::string> volumes_of(const std::vector<MountSpec>& mounts) {
    std::vector<std::string> names;
    for (const MountSpec& mount : mounts) {
        if (mount.type != "volume" || mount.volume.empty()) continue;
        if (std::find(names.begin(), names.end(), mount.volume) == names.end()) names.push_back(mount.volume);
    }
    return names;
}

void set_mounts(ContainerRecord& record, const std::vector<MountSpec>& mounts) {
    record.mounts = to_mount_points(mounts);
    record.mount_plan = to_plan(mounts);
}

}  // namespace slipway::core
