// plugins/windows/src/documents/hosted_document.hpp - the compute-system document of a container inside a utility
// virtual machine. Its paths are those of the machine's guest.
#pragma once

#include <documents/system_document.hpp>

namespace slipway::windows_backend {

// The part that follows from Docker's create request. Limits are missing: they are the machine's.
nlohmann::json hosted_document(const nlohmann::json& request, const std::string& owner);

// That part completed. All paths in `parts` are the guest's: the volume is the directory where the layers were
// combined.
nlohmann::json complete_hosted_document(nlohmann::json document, const SystemParts& parts, const std::string& vm_id);

}  // namespace slipway::windows_backend
