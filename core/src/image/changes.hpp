// core/src/image/changes.hpp - Dockerfile instructions that `import --change` applies to an image's configuration.
#pragma once

#include <nlohmann/json.hpp>

#include <slipway/cpp/error.hpp>

#include <string>
#include <vector>

namespace slipway::core {

// Applies CMD, ENTRYPOINT (JSON or shell form), ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR, STOPSIGNAL in order to
// `config`, the "config" object of an image document. kInvalidArgument names the instruction.
Status apply_changes(nlohmann::json& config, const std::vector<std::string>& changes);

}  // namespace slipway::core
