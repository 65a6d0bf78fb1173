// api/src/handlers/start_host_config.hpp - the host configuration that API versions below 1.24 may send with a start.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <string_view>

namespace slipway::api {

struct StartHostConfig {
    // A whole normalised HostConfig, or null: the body asks for none.
    nlohmann::json value;
    // It came under the key "HostConfig"; backends without start-time host configuration know this form only.
    bool nested = false;
};

// Decodes a body as start-flow.md 3.1 has it. Only the first JSON value counts and keys match whatever their case. The
// nested form {"HostConfig": {...}} wins over the flat one {"Binds": [...]}, which then fills Memory, MemorySwap,
// CpuShares, CpusetCpus and VolumeDriver where those are blank; a "Cpuset" beside either fills a blank CpusetCpus.
// null,
// {}, {"HostConfig": null} and objects without any key of a HostConfig ask for nothing; {"HostConfig": {}} asks for the
// defaults.
//   kInvalidArgument  not JSON, or a known key has the wrong type; "EOF" for an empty body
Result<StartHostConfig> decode_start_host_config(std::string_view body);

}  // namespace slipway::api
