// core/src/model/merge.hpp - what a container runs: the image's configuration under the request's. Pure functions.
#pragma once

#include <nlohmann/json.hpp>

#include <slipway/cpp/error.hpp>

#include <string>
#include <vector>

namespace slipway::core {

struct MergedConfig {
    nlohmann::json config;          // normalised, complete
    std::string path;               // argv[0]
    std::vector<std::string> args;  // argv[1...]
};

// `request` is a normalised Config (config_schema()). `image_config` is the "config" object of an image document, in
// the spelling of Docker or OCI, or null for an empty root. Docker's rules:
//  - a given Entrypoint drops the image's Cmd; a given Cmd alone keeps the image's Entrypoint; Entrypoint [""] clears
//  it
//  - the request's Env comes first, the image's variables of other names follow; labels, exposed ports and volumes are
//    united, the request winning; User, WorkingDir, StopSignal come from the image when empty
//  - Healthcheck: missing fields come from the image's
// kInvalidArgument: "no command specified", and what check_config() refuses.
Result<MergedConfig> merge_config(const nlohmann::json& request, const nlohmann::json& image_config);

// Checks a merged Config by itself: WorkingDir absolute, Env names not empty, a known StopSignal, with Docker's texts;
// names that could become a second line of a file; labels above 64 KiB each or 1 MiB together.
Status check_config(const nlohmann::json& config);

}  // namespace slipway::core
