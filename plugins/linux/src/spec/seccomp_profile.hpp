// plugins/linux/src/spec/seccomp_profile.hpp - which system calls a container may make, as OCI's linux.seccomp.
#pragma once

#include <slipway/cpp/error.hpp>
#include <spec/capabilities.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace slipway::linux_backend {

// Our default profile for a container with these capabilities. An allow list; everything else is EPERM, except that
// clone3 and calls newer than the profile are ENOSYS, so that C libraries fall back to older ones.
nlohmann::json default_seccomp_profile(CapabilitySet capabilities);

// A profile in Docker's JSON schema, its conditions on capabilities, architecture and kernel version resolved.
// kInvalidArgument: not such a document; the text begins with "decoding seccomp profile failed: ".
Result<nlohmann::json> parse_seccomp_profile(const std::string& text, CapabilitySet capabilities);

}  // namespace slipway::linux_backend
