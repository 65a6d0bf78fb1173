// api/src/render/container_json.hpp - a container record in the shapes of the Docker Engine API. Pure functions.
#pragma once

#include "version.hpp"

#include <slipway/core/engine.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace slipway::api {

// Sizes in bytes; left out of the reply when unknown.
struct ContainerSizes {
    std::optional<uint64_t> writable;
    std::optional<uint64_t> root;
};

// GET /containers/{id}/json.
nlohmann::json inspect_json(const core::ContainerRecord& record, ApiVersion version, const ContainerSizes& sizes,
                            const std::string& platform_os);

// One element of GET /containers/json.
nlohmann::json summary_json(const core::ContainerRecord& record, ApiVersion version, const ContainerSizes& sizes,
                            core::UnixNanos now);

// "Up 5 minutes", "Exited (0) 2 hours ago", as `docker ps` shows it.
std::string status_text(const core::ContainerRecord& record, core::UnixNanos now);

// Object of an EndpointSettings as in NetworkSettings.Networks.
nlohmann::json endpoint_json(const core::EndpointRecord& endpoint);

}  // namespace slipway::api
