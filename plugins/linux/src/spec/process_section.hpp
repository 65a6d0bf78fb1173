// plugins/linux/src/spec/process_section.hpp - the `process` part of an OCI document.
#pragma once

#include <slipway/cpp/error.hpp>
#include <spec/capabilities.hpp>
#include <spec/kernel_facts.hpp>
#include <spec/security_options.hpp>
#include <spec/user_lookup.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::linux_backend {

// Hostname with domain, as the container sees it.
std::string full_hostname(const nlohmann::json& request);

// Defaults first, then what the user gave: by key, the later wins; a key without "=" removes what was there.
// kInvalidArgument: a NUL anywhere, or a line break or colon in HOME, which tools copy into files made of lines.
Result<std::vector<std::string>> resolve_environment(const nlohmann::json& request, const std::string& home);

Result<nlohmann::json> process_section(const nlohmann::json& request, const UserIdentity& user,
                                       CapabilitySet capabilities, const SecurityOptions& security,
                                       const KernelFacts& kernel);

}  // namespace slipway::linux_backend
