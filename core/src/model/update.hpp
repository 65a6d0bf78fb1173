// core/src/model/update.hpp - what POST /containers/{id}/update may change, and how it joins what is there.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::core {

// The part of a request that an update looks at, as a normalised HostConfig: limits and the restart policy.
// kInvalidArgument for a wrong type, kUnimplemented for what the engine does not have.
Result<nlohmann::json> read_update(const nlohmann::json& request);

struct MergedUpdate {
    nlohmann::json host_config;        // whole
    std::vector<std::string> changed;  // keys of limits that differ from before
};

// Joins a verified update to a host configuration: what is zero, blank or null in it stays as it was, and so does the
// restart policy unless `request` names one.
//   kConflict  "Conflicting options: ..." as Docker says it: CPU quotas in two forms, memory above the swap limit
Result<MergedUpdate> merge_update(const nlohmann::json& host_config, const nlohmann::json& update,
                                  const nlohmann::json& request);

}  // namespace slipway::core
