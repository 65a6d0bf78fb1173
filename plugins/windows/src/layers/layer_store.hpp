// plugins/windows/src/layers/layer_store.hpp - the read-only layers, one folder each below <data_root>\layers.
#pragma once

#include <documents/layer_data.hpp>
#include <hcs/api.hpp>
#include <hcs/workers.hpp>

#include <slipway/mount.h>

#include <filesystem>
#include <vector>

namespace slipway::windows_backend {

// A layer is there when its record <id>.json is; the record is written last and removed first. A base layer holds the
// two disks that writable layers are made from. Safe on any thread; the host imports one id once at a time.
class LayerStore {
public:
    LayerStore(Api api, Workers& workers, const Timeouts& timeouts, const std::string& data_root);

    Result<slw_layer_info> import(const std::string& id, const std::vector<std::string>& parents_lowest_first,
                                  const slw_source& tar, const CallLimits& call);
    Result<slw_layer_info> stat(const std::string& id) const;
    Status remove(const std::string& id, const CallLimits& call);
    std::vector<std::string> list() const;

    // The folders of these layers, nearest parent first. kNotFound, resource the id, when one is missing.
    Result<std::vector<LayerFolder>> chain(const std::vector<std::string>& lowest_first) const;
    // The disk that a writable layer on this chain is a copy of.
    Result<std::filesystem::path> blank_disk(const std::vector<LayerFolder>& nearest_first) const;

private:
    Status build(const std::string& id, const std::vector<LayerFolder>& parents, const slw_source& tar,
                 const CallLimits& call, slw_layer_info& info);
    Status import_on_parents(const std::filesystem::path& folder, const std::filesystem::path& transport,
                             const std::vector<LayerFolder>& parents, const CallLimits& call);
    Status destroy_folder(const std::filesystem::path& folder);

    Api api_;
    Workers& workers_;
    const Timeouts& timeouts_;
    std::filesystem::path root_;
};

}  // namespace slipway::windows_backend
