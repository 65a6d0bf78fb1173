#include "store/documents.hpp"

#include <Poco/Checksum.h>

namespace slipway::core {

using nlohmann::json;

json to_json(const ImageRecord& image) {
    return {{"id", image.id},
            {"layers", image.layers},
            {"diff_ids", image.diff_ids},
            {"document", image.document},
            {"size_bytes", image.size_bytes},
            {"created", image.created},
            {"tagged_at", image.tagged_at}};
}

Result<ImageRecord> image_from_json(const json& document) {
    try {
        ImageRecord image;
        document.at("id").get_to(image.id);
        document.at("layers").get_to(image.layers);
        document.at("diff_ids").get_to(image.diff_ids);
        image.document = document.at("document");
        image.size_bytes = document.value("size_bytes", uint64_t{0});
        image.created = document.value("created", UnixNanos{0});
        image.tagged_at = document.value("tagged_at", UnixNanos{0});
        return image;
    } catch (const json::exception& e) {
        return Error(ErrorCode::kDataLoss, std::string("image record: ") + e.what());
    }
}

json to_json(const NetworkRecord& network) {
    return {{"id", network.id},           {"name", network.name},        {"driver", network.driver},
            {"scope", network.scope},     {"created", network.created},  {"ipam", network.ipam},
            {"options", network.options}, {"internal", network.internal}};
}

Result<NetworkRecord> network_from_json(const json& document) {
    try {
        NetworkRecord network;
        document.at("id").get_to(network.id);
        document.at("name").get_to(network.name);
        document.at("driver").get_to(network.driver);
        network.scope = document.value("scope", "local");
        network.created = document.value("created", UnixNanos{0});
        network.ipam = document.value("ipam", json::object());
        network.options = document.value("options", json::object());
        network.internal = document.value("internal", false);
        return network;
    } catch (const json::exception& e) {
        return Error(ErrorCode::kDataLoss, std::string("network record: ") + e.what());
    }
}

json to_json(const VolumeRecord& volume) {
    return {{"name", volume.name},       {"driver", volume.driver}, {"scope", volume.scope},
            {"created", volume.created}, {"labels", volume.labels}, {"options", volume.options}};
}

Result<VolumeRecord> volume_from_json(const json& document) {
    try {
        VolumeRecord volume;
        document.at("name").get_to(volume.name);
        volume.driver = document.value("driver", "local");
        volume.scope = document.value("scope", "local");
        volume.created = document.value("created", UnixNanos{0});
        volume.labels = document.value("labels", volume.labels);
        volume.options = document.value("options", volume.options);
        return volume;
    } catch (const json::exception& e) {
        return Error(ErrorCode::kDataLoss, std::string("volume record: ") + e.what());
    }
}

std::string to_text(const json& document) {
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string attributes_to_text(const Event& event) {
    return to_text(json(event.attributes));
}

void attributes_from_text(std::string_view text, Event& event) {
    const json document = json::parse(text, nullptr, false);
    if (!document.is_object()) return;
    for (const auto& [key, value] : document.items()) {
        if (value.is_string()) event.attributes.emplace(key, value.get<std::string>());
    }
}

int64_t checksum_of(std::string_view text) {
    Poco::Checksum crc;
    // Fed in pieces because the length is an unsigned int.
    while (!text.empty()) {
        const std::string_view piece = text.substr(0, size_t{1} << 30);
        crc.update(piece.data(), static_cast<unsigned>(piece.size()));
        text.remove_prefix(piece.size());
    }
    return static_cast<int64_t>(crc.checksum());
}

}  // namespace slipway::core
