// plugins/windows/src/layers/container_root.hpp - a container's writable layer, and the volume it becomes for a run.
#pragma once

#include <hcs/gate.hpp>
#include <layers/layer_store.hpp>
#include <layers/storage_calls.hpp>

namespace slipway::windows_backend {

// Filters are attached one at a time: Windows gets parallel ones wrong (they time out).
class FilterGate : public Gate {
public:
    FilterGate() : Gate(1) {}
};

// The disk of a writable layer, attached, with the storage filter on its volume, until release().
class MountedRoot {
public:
    // Undoes itself on failure, whatever comes late included.
    static Result<MountedRoot> mount(const Api& api, Workers& workers, const Timeouts& timeouts, FilterGate& gate,
                                     const std::filesystem::path& disk, const std::vector<LayerFolder>& layers,
                                     bool first_use, const CallLimits& call);
    MountedRoot(MountedRoot&&) = default;
    MountedRoot& operator=(MountedRoot&&) = default;

    // While a system still uses the volume this waits for it, at most the time for undoing.
    Status release(Workers& workers, const Timeouts& timeouts);

    const std::string& volume() const { return volume_; }
    const std::vector<LayerFolder>& layers() const { return layers_; }

private:
    MountedRoot() = default;

    Api api_;
    std::string volume_;
    std::vector<LayerFolder> layers_;
    std::shared_ptr<DiskHandle> disk_;
};

}  // namespace slipway::windows_backend
