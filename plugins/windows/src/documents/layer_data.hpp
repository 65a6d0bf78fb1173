// plugins/windows/src/documents/layer_data.hpp - how HCS is told which layers a root lies on.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::windows_backend {

// A read-only layer: its folder and the GUID it is known by. Storage filter and system document must agree on both.
struct LayerFolder {
    std::string id;    // GUID text
    std::string path;  // absolute
};

// [{"Id", "Path"}...] in the order given, which everywhere is nearest parent first, base last.
nlohmann::json layers_array(const std::vector<LayerFolder>& nearest_first);

// The LayerData document of computestorage.
nlohmann::json layer_data(const std::vector<LayerFolder>& nearest_first);

}  // namespace slipway::windows_backend
