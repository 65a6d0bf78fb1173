// api/src/render/metrics_text.hpp - the engine's figures in the Prometheus text format 0.0.4.
#pragma once

#include <slipway/core/metrics.hpp>

#include <string>

namespace slipway::api {

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

std::string metrics_text(const core::EngineMetrics& metrics);

}  // namespace slipway::api
