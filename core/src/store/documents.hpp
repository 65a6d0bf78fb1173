// core/src/store/documents.hpp - the stored forms of images, networks, volumes and events, and the seal that shows
// damage.
#pragma once

#include <slipway/core/engine.hpp>
#include <slipway/core/events.hpp>
#include <slipway/core/image.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::core {

// Version of the documents written by this build; older ones are read.
inline constexpr int64_t kDocumentVersion = 1;

nlohmann::json to_json(const ImageRecord& image);  // without its tags, which have a table of their own
Result<ImageRecord> image_from_json(const nlohmann::json& document);

nlohmann::json to_json(const NetworkRecord& network);
Result<NetworkRecord> network_from_json(const nlohmann::json& document);

nlohmann::json to_json(const VolumeRecord& volume);  // without its mountpoint, which follows from the data root
Result<VolumeRecord> volume_from_json(const nlohmann::json& document);

std::string attributes_to_text(const Event& event);
// What cannot be read gives no attributes.
void attributes_from_text(std::string_view text, Event& event);

// Text that SQLite and clients can take: bytes that are not UTF-8 (a path in an error) are replaced.
std::string to_text(const nlohmann::json& document);

// CRC-32 of a document's text: finds a damaged disk, not an adversary.
int64_t checksum_of(std::string_view text);

}  // namespace slipway::core
