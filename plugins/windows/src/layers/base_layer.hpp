// plugins/windows/src/layers/base_layer.hpp - what a base layer is made into once: bootable, and with the disks that
// all writable ones of its images begin as.
//
//   blank-base.vhdx, blank.vhdx                               containers
//   UtilityVM\SystemTemplateBase.vhdx, ...\SystemTemplate.vhdx  virtual machines, where the layer has such a folder
//
// Of each pair the second lies on the first and is what is copied. A copy finds the first by its absolute path alone,
// so the second is made where the layer stays.
#pragma once

#include <documents/layer_data.hpp>
#include <hcs/api.hpp>
#include <hcs/workers.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace slipway::windows_backend {

struct DiskPair {
    std::filesystem::path base, blank;
};
DiskPair container_disks(const std::filesystem::path& layer);
DiskPair machine_disks(const std::filesystem::path& layer);
// What a machine boots from. The layer can be one's iff this folder is there.
std::filesystem::path machine_files(const std::filesystem::path& layer);
// Of these layers, nearest first, the one that machines boot from; nothing when there is none.
std::optional<std::filesystem::path> machine_layer(const std::vector<LayerFolder>& nearest_first);

// What the disks lie on that a machine for a container on these layers has; empty when there is none.
std::vector<std::filesystem::path> disks_below_machines(const std::vector<LayerFolder>& nearest_first);

// In the folder where the layer was unpacked: the first disk of each pair, and all that Windows does to it. `keep`
// lives until the last call into the system has ended, one that came too late included.
Status set_up_base_layer(const Api& api, Workers& workers, const Timeouts& timeouts,
                         const std::filesystem::path& folder, const CallLimits& call, std::shared_ptr<const void> keep);
// The machine's part of that, for a layer on others which has a whole machine.
Status set_up_machine(const Api& api, Workers& workers, const Timeouts& timeouts, const std::filesystem::path& folder,
                      const CallLimits& call, std::shared_ptr<const void> keep);
// In the folder where it stays: the second of each that there is. `keep` as above.
Status make_blank_disks(const Api& api, Workers& workers, const Timeouts& timeouts, const std::filesystem::path& folder,
                        const CallLimits& call, const std::shared_ptr<const void>& keep);

// A disk, or what is to be one, under another name; never half a copy.
Status copy_disk(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace slipway::windows_backend
