// daemon/src/config_file.hpp - the configuration file as JSON.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace slipway::daemon {

// The file's object. A file that is not there is an empty object unless it is `required`. kInvalidArgument when it is
// no JSON object, with the place.
Result<nlohmann::json> read_config_file(const std::string& path, bool required);

}  // namespace slipway::daemon
