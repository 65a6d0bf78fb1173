// plugins/linux/src/fs/mounts.hpp - mounts that wait, detached, for a container's create().
#pragma once

#include <container.hpp>
#include <fs/mount_plan.hpp>
#include <fs/mount_users.hpp>
#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <vector>

namespace slipway::linux_backend {

// Makes the mount `plan` asks for. Nothing appears in the host's mount table. An in-memory one belongs to the
// container's root; of others the owners are what they are unless the plan asks for a map.
//   kUnimplemented  the source's file system cannot have its ids mapped
Result<PreparedMount> prepare_mount(const MountPlan& plan, const MountUsers& users = {});

// Prepares `plan` and appends it to `mounts`; returns its id. kConflict when the target has a mount already.
Result<uint64_t> add_mount(std::vector<PreparedMount>& mounts, const MountPlan& plan, const MountUsers& users = {});

// Gives the mount `id` back. One that is gone already is success.
void remove_mount(std::vector<PreparedMount>& mounts, uint64_t id);

}  // namespace slipway::linux_backend
