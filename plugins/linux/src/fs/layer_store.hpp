// plugins/linux/src/fs/layer_store.hpp - the image layers on disk.
#pragma once

#include <slipway/mount.h>
#include <fs/deferred_closer.hpp>
#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// What is known about one layer.
struct LayerInfo {
    uint64_t size_bytes = 0;   // regular files as unpacked, hard links once
    uint64_t entry_count = 0;  // members of the archive it came from
};

// Layers live below <data_root>/layers: <id>/diff is what overlayfs stacks, <id>/meta its LayerInfo. A layer is built
// under a temporary name, synced and renamed, so that an id that can be seen is complete and on disk. Nothing is
// touched before the first call; that one also removes temporaries a crash left behind. Every method is safe on any
// thread.
class LayerStore {
public:
    explicit LayerStore(std::string data_root);
    LayerStore(const LayerStore&) = delete;
    LayerStore& operator=(const LayerStore&) = delete;
    ~LayerStore();

    // kNotFound (resource: the id) when it is not there.
    Result<LayerInfo> stat(const std::string& id);

    // Ids of all layers, sorted.
    Result<std::vector<std::string>> list();

    // Gone already is success.
    Status remove(const std::string& id);

    // The layer's content directory, readable. kNotFound (resource: the id) when it is not there.
    Result<UniqueFd> open_diff(const std::string& id);

    // Runs `fill` on an empty directory and keeps the result as layer `id`. When `fill` or anything after it fails,
    // nothing stays. A layer that exists already is returned as it is, and `fill` does not run.
    using Fill = std::function<Result<uint64_t>(int diff_dir)>;  // returns the number of members
    Result<LayerInfo> add(const std::string& id, const Fill& fill);

    // Where roots built from these layers are closed; see DeferredCloser. It ends with the store.
    DeferredCloser& closer() { return closer_; }

private:
    Result<int> root();  // the opened layers directory
    Result<LayerInfo> build(int root, const std::string& temporary, const Fill& fill);
    Result<LayerInfo> publish(int root, const std::string& temporary, const std::string& id, LayerInfo info);

    const std::string path_;  // <data_root>/layers
    std::mutex mutex_;
    UniqueFd root_;  // guarded by mutex_ until set, constant afterwards
    std::atomic<uint64_t> next_temporary_{1};
    DeferredCloser closer_;
};

// True for [a-f0-9]{64}, the only names this store takes.
bool is_layer_id(const std::string& id);

// The layers a request names, lowest first, each a possible id. kInvalidArgument.
Result<std::vector<std::string>> read_layers(const slw_root_request* request);

}  // namespace slipway::linux_backend
