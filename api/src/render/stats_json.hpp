// api/src/render/stats_json.hpp - a sample of a container's usage in the shape of ContainerStatsResponse. Pure.
#pragma once

#include <slipway/core/engine.hpp>

#include <nlohmann/json.hpp>

namespace slipway::api {

// One element of GET /containers/{id}/stats. What the backend does not say, and everything for a container that does
// not run, is what Docker sends there: zeros, nulls and empty objects.
nlohmann::json stats_json(const core::StatsSample& sample, const core::StatsSample& before);

}  // namespace slipway::api
