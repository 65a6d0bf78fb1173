#include <documents/layer_data.hpp>

namespace slipway::windows_backend {

nlohmann::json layers_array(const std::vector<LayerFolder>& nearest_first) {
    nlohmann::json array = nlohmann::json::array();
    for (const LayerFolder& layer : nearest_first) array.push_back({{"Id", layer.id}, {"Path", layer.path}});
    return array;
}

nlohmann::json layer_data(const std::vector<LayerFolder>& nearest_first) {
    return {{"SchemaVersion", {{"Major", 2}, {"Minor", 1}}}, {"Layers", layers_array(nearest_first)}};
}

}  // namespace slipway::windows_backend
