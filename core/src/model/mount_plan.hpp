// core/src/model/mount_plan.hpp - ContainerRecord.mount_plan: the mounts of a container as decided when they were asked
// for, with the volumes they use. What a HostConfig says alone does not tell (anonymous volumes, VolumesFrom).
#pragma once

#include "model/mounts.hpp"

#include <slipway/core/record.hpp>

namespace slipway::core {

nlohmann::json to_plan(const std::vector<MountSpec>& mounts);

// The mounts of a container, parents first. A record without a plan has what its HostConfig says.
// kDataLoss when the plan cannot be read.
Result<std::vector<MountSpec>> mounts_of(const ContainerRecord& record);

// Lays `over` over `mounts`: what is there at the same target is replaced.
void lay_over(std::vector<MountSpec>& mounts, std::vector<MountSpec> over);

// Names of the volumes among them, each once.
std::vector<std::string> volumes_of(const std::vector<MountSpec>& mounts);

// Plan and inspect's MountPoints from one list.
void set_mounts(ContainerRecord& record, const std::vector<MountSpec>& mounts);

}  // namespace slipway::core
