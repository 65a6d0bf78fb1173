// core/src/image/layer_import.hpp - layers brought into a backend for one load, taken out again unless it succeeds.
#pragma once

#include "image/archive_reader.hpp"

#include <slipway/core/backend.hpp>

#include <string>
#include <vector>

namespace slipway::core {

// Used under ImageStore's writer lock, so that no other load relies on what may be taken out again.
class LayerImport {
public:
    LayerImport(Backend& backend, uint64_t max_layer_bytes) : backend_(backend), max_layer_bytes_(max_layer_bytes) {}
    LayerImport(const LayerImport&) = delete;
    LayerImport& operator=(const LayerImport&) = delete;
    ~LayerImport();

    // Makes sure layer `id` is there, which lies on `parents` and whose uncompressed tar has digest `diff_id`. A layer
    // the backend has already is not read again. Returns its unpacked size.
    Result<uint64_t> ensure(const std::string& id, const std::vector<std::string>& parents, const std::string& diff_id,
                            const std::filesystem::path& file);

    // Keeps everything.
    void keep() { added_.clear(); }

private:
    Backend& backend_;
    uint64_t max_layer_bytes_;
    std::vector<std::string> added_;  // in order of arrival
};

}  // namespace slipway::core
