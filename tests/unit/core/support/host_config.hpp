// tests/unit/core/support/host_config.hpp - a HostConfig as the engine has it, from the keys that matter to a test.
#pragma once

#include <slipway/core/schema.hpp>

#include <nlohmann/json.hpp>

namespace slipway::core {

inline nlohmann::json host_config_with(const nlohmann::json& keys) {
    return *normalise(host_config_schema(), keys, "HostConfig");
}

}  // namespace slipway::core
