// plugins/linux/src/spec/security_options.hpp - HostConfig.SecurityOpt, taken apart.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string>
#include <vector>

namespace slipway::linux_backend {

struct SecurityOptions {
    bool no_new_privileges = false;
    bool unconfined_paths = false;  // systempaths=unconfined: nothing masked, nothing read-only
    std::string seccomp;            // "", "builtin", "unconfined" or the JSON text of a profile
};

// Accepts "key=value" and the old "key:value". SELinux labels are accepted and have no effect, as in an engine without
// SELinux.
//   kInvalidArgument  not an option: "invalid --security-opt 1: \"x\"" (no value) or "... 2: ..." (unknown)
//   kUnimplemented    an AppArmor profile by name
Result<SecurityOptions> parse_security_options(const std::vector<std::string>& options);

}  // namespace slipway::linux_backend
