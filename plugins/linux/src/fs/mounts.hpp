// plugins/linux/src/fs/mounts.hpp - mounts that wait, detached, for a container's create().
#pragma once

#include <container.hpp>
#include <fs/mount_plan.hpp>
#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <vector>

namespace slipway::linux_backend {

// Makes the mount `plan` asks for. Nothing appears in the host's mount table.
Result<PreparedMount> prepare_mount(const MountPlan& plan);

// Prepares `plan` and appends it to `mounts`; returns its id. kConflict when the target has a mount already.
Result<uint64_t> add_mount(std::vector<PreparedMount>& mounts, const MountPlan& plan);

// Gives the mount `id` back. One that is gone already is success.
void remove_mount(std::vector<PreparedMount>& mounts, uint64_t id);

}  // namespace slipway::linux_backend
