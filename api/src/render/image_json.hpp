// api/src/render/image_json.hpp - an image record in the shapes of the Docker Engine API. Pure functions.
#pragma once

#include "version.hpp"

#include <slipway/core/image.hpp>

#include <nlohmann/json.hpp>

namespace slipway::api {

// GET /images/{name}/json.
nlohmann::json image_inspect_json(const core::ImageRecord& image, ApiVersion version);
// One element of GET /images/json; `containers` is -1 when not counted.
nlohmann::json image_summary_json(const core::ImageRecord& image, ApiVersion version, int64_t containers);

}  // namespace slipway::api
