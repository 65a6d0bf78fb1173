// core/src/model/network_mode.hpp - which settings cannot go together with a network mode, as Docker checks at create.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

namespace slipway::core {

// `config` and `host_config` are normalised and as they were asked for, without what an image brings. kInvalidArgument
// with Docker's texts ("conflicting options: hostname and the network mode", ...).
// Config.NetworkDisabled is the network mode "none" under its oldest name, and is turned into it.
Status check_network_mode(const nlohmann::json& config, nlohmann::json& host_config);

}  // namespace slipway::core
