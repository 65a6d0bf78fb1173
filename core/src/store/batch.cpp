#include "store/documents.hpp"
#include "store/store.hpp"

namespace slipway::core {

Batch& Batch::put(const ContainerRecord& record) {
    steps_.push_back({Kind::kPutContainer, record.id, to_text(to_json(record)), {}});
    return *this;
}

Batch& Batch::erase_container(const std::string& id) {
    steps_.push_back({Kind::kEraseContainer, id, {}, {}});
    return *this;
}

Batch& Batch::put(const ImageRecord& image) {
    steps_.push_back({Kind::kPutImage, image.id, to_text(to_json(image)), image.tags});
    return *this;
}

Batch& Batch::erase_image(const std::string& id) {
    steps_.push_back({Kind::kEraseImage, id, {}, {}});
    return *this;
}

Batch& Batch::put(const NetworkRecord& network) {
    steps_.push_back({Kind::kPutNetwork, network.id, to_text(to_json(network)), {}});
    return *this;
}

Batch& Batch::erase_network(const std::string& id) {
    steps_.push_back({Kind::kEraseNetwork, id, {}, {}});
    return *this;
}

Batch& Batch::put(const VolumeRecord& volume) {
    steps_.push_back({Kind::kPutVolume, volume.name, to_text(to_json(volume)), {}});
    return *this;
}

Batch& Batch::erase_volume(const std::string& name) {
    steps_.push_back({Kind::kEraseVolume, name, {}, {}});
    return *this;
}

Batch& Batch::set_meta(const std::string& key, const std::string& value) {
    steps_.push_back({Kind::kSetMeta, key, value, {}});
    return *this;
}

Batch& Batch::append(Event event) {
    events_.push_back(std::move(event));
    return *this;
}

}  // namespace slipway::core
