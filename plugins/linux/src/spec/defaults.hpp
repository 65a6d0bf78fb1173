// plugins/linux/src/spec/defaults.hpp - what the daemon's options mean for containers that say nothing themselves.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace slipway::linux_backend {

struct ContainerDefaults {
    bool init = false;                                 // HostConfig.Init
    bool no_new_privileges = false;                    // SecurityOpt no-new-privileges
    std::string seccomp;                               // SecurityOpt seccomp=...; empty: builtin
    nlohmann::json ulimits = nlohmann::json::array();  // HostConfig.Ulimits, by name

    // From "init", "no_new_privileges", "seccomp_profile" and "default_ulimits" ({"nofile": {"Name", "Hard", "Soft"}})
    // of the backend's configuration. kInvalidArgument names the key.
    static Result<ContainerDefaults> from_json(const nlohmann::json& configuration);
};

// `request`, of build_spec or exec, with the defaults where its HostConfig leaves something open. Privileged containers
// get no seccomp profile from here.
nlohmann::json with_defaults(const nlohmann::json& request, const ContainerDefaults& defaults);

}  // namespace slipway::linux_backend
