// plugins/windows/src/layers/layer_store.hpp - the read-only layers, one folder each below <data_root>\layers.
#pragma once

#include <documents/layer_data.hpp>
#include <hcs/api.hpp>
#include <hcs/workers.hpp>
#include <layers/layer_unpack.hpp>
#include <layers/leftovers.hpp>

#include <slipway/mount.h>
#include <slipway/cpp/host.hpp>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

namespace slipway::windows_backend {

// A layer is there when its record <id>.json is; the record is written last and removed first. A base layer holds the
// two disks that writable layers are made from. Safe on any thread; the host imports one id once at a time.
class LayerStore {
public:
    LayerStore(Host host, Api api, Workers& workers, const Timeouts& timeouts, const std::string& data_root);

    Result<slw_layer_info> import(const std::string& id, const std::vector<std::string>& parents_lowest_first,
                                  const slw_source& tar, const CallLimits& call);
    Result<slw_layer_info> stat(const std::string& id) const;
    Status remove(const std::string& id, const CallLimits& call);
    std::vector<std::string> list() const;

    // The folders of these layers, nearest parent first. kNotFound, resource the id, when one is missing.
    Result<std::vector<LayerFolder>> chain(const std::vector<std::string>& lowest_first) const;
    // The disk that a writable layer on this chain is a copy of.
    Result<std::filesystem::path> blank_disk(const std::vector<LayerFolder>& nearest_first) const;

    // A new folder beside the layers, for what a layer is on its way in or out; it and all in it go with the last copy.
    struct Workplace {
        std::filesystem::path folder;
        std::shared_ptr<Leftovers> leftovers;
    };
    Result<Workplace> workplace();

private:
    Status build(const std::string& id, const std::vector<LayerFolder>& parents, const slw_source& tar,
                 const CallLimits& call, UnpackedLayer& unpacked);
    Status build_base(const Workplace& place, TarStream& tar, const CallLimits& call, UnpackedLayer& unpacked);
    Status build_on_parents(const Workplace& place, const std::vector<LayerFolder>& parents, TarStream& tar,
                            const CallLimits& call, UnpackedLayer& unpacked);
    Status record(const std::string& id, const UnpackedLayer& unpacked);
    Status destroy_folder(const std::filesystem::path& folder);
    // For a folder that nobody waits for: a failure is logged.
    void try_destroy(const std::filesystem::path& folder);
    void undo_build(const std::string& id, const std::filesystem::path& layer, bool given_up);
    void remove_debris();

    Host host_;
    Api api_;
    Workers& workers_;
    const Timeouts& timeouts_;
    std::filesystem::path root_;
    std::mutex debris_mutex_;
    bool debris_removed_ = false;  // of a process before this one; guarded by debris_mutex_
    std::atomic<unsigned> workplaces_{0};
};

}  // namespace slipway::windows_backend
