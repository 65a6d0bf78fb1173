// plugins/linux/src/spec/security_options.hpp - HostConfig.SecurityOpt, taken apart.
#pragma once

#include <slipway/cpp/error.hpp>
#include <spec/kernel_facts.hpp>

#include <string>
#include <vector>

namespace slipway::linux_backend {

struct SecurityOptions {
    bool no_new_privileges = false;
    bool unconfined_paths = false;  // systempaths=unconfined: nothing masked, nothing read-only
    std::string seccomp;            // "", "builtin", "unconfined" or the JSON text of a profile
    std::string apparmor;           // profile to run under; empty: unconfined
    std::string selinux;            // context to run under; empty: that of the engine
};

// Accepts "key=value" and the old "key:value". "label=user:u", "role:", "type:" and "level:" each replace a part of the
// context system_u:system_r:container_t:s0.
//   kInvalidArgument  not an option: "invalid --security-opt 1: \"x\"" (no value) or "... 2: ..." (unknown)
Result<SecurityOptions> parse_security_options(const std::vector<std::string>& options);

// Whoever names a profile or a label relies on it.
//   kInvalidArgument  the kernel does not have the security module; the text names it
Status check_security_modules(const SecurityOptions& options, const KernelFacts& kernel);

}  // namespace slipway::linux_backend
