// plugins/windows/src/documents/verify.hpp - which host configurations a Windows container can have.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

namespace slipway::windows_backend {

// {"HostConfig": adapted, "Warnings": [...]} for the request of slw_create_ops.verify. Adaptation drops the weaker of
// conflicting processor limits, with a warning, and spells Hyper-V isolation "hyperv"; it is idempotent. Processors of
// a virtual machine have a number, a limit and a weight at once, so nothing is dropped there.
//   kInvalidArgument  what Windows does not have or a value out of range; the text is Docker's
//   kUnimplemented    what Windows has and this backend does not offer; the text names it
Result<nlohmann::json> verify(const nlohmann::json& request, unsigned host_processors);

}  // namespace slipway::windows_backend
