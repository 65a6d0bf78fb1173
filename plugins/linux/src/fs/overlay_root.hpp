// plugins/linux/src/fs/overlay_root.hpp - a container's root file system: image layers below, its own changes on top.
#pragma once

#include <fs/layer_store.hpp>
#include <fs/mount_users.hpp>
#include <fs/root_diff.hpp>
#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// The directories of one container's root, below its data directory:
//   upper/     what the container wrote, in overlayfs' own form; kept until remove()
//   work/      overlayfs' scratch directory, emptied before each mount
//   root.json  the ids of the layers below, lowest first, so that changes() works without a mount
// Cheap to make: it holds nothing but names. The host serialises the calls of one container.
class OverlayRoot {
public:
    OverlayRoot(LayerStore& store, std::string data_dir);

    // Existing is success, mounted or not; the layers are noted anew.
    Status create(const std::vector<std::string>& layers);

    // A detached, writable mount of the whole. Without layers it is the upper directory itself. kNotFound (resource:
    // the id) when a layer is missing.
    // With users of their own the ids of all layers are mapped, also of the one that is written: a file of root on disk
    // is one of the container's root in the mount. kUnimplemented: the kernel or the file system cannot.
    Result<UniqueFd> mount(const std::vector<std::string>& layers, const MountUsers& users = {});

    // Gone already is success.
    Status remove();

    // Bytes in regular files of the upper directory; 0 when there is none.
    Result<uint64_t> size(const std::function<Status()>& check) const;

    // What differs from the layers, as diff_root() says it.
    Result<std::vector<RootChange>> changes(const std::function<Status()>& check) const;

private:
    Result<std::vector<UniqueFd>> open_layers(const std::vector<std::string>& layers) const;
    Result<std::vector<std::string>> noted_layers(int dir) const;
    Status prepare(int dir, const std::vector<std::string>& layers) const;

    LayerStore& store_;
    const std::string dir_;
};

}  // namespace slipway::linux_backend
