// plugins/windows/src/documents/vm_document.hpp - the compute-system document of a utility virtual machine: the one
// that a container with Hyper-V isolation runs in. One machine per container.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::windows_backend {

// The part that follows from Docker's create request: its limits are the size of the machine. CpuCount processors, or
// as many as NanoCpus needs, or two; CpuPercent and the rest of NanoCpus are a limit on each of them, CpuShares a
// weight. Memory is what the machine has, or 1 GiB. Machines commit memory as their guests touch it.
nlohmann::json vm_document(const nlohmann::json& request, const std::string& owner, unsigned host_processors);

// That part completed: `os_files`, the folder UtilityVM\Files of the base layer, is what it boots from, `disk` its own
// writable one.
nlohmann::json complete_vm_document(nlohmann::json document, const std::string& os_files, const std::string& disk);

// Requests for HcsModifyComputeSystem that give a running machine the limits of `host_config` that `changed` names.
// `document` is the one it was made with.
//   kUnimplemented  a changed key that a running machine cannot get, the number of processors among them
Result<std::vector<nlohmann::json>> vm_update_requests(const nlohmann::json& host_config,
                                                       const std::vector<std::string>& changed,
                                                       const nlohmann::json& document);

}  // namespace slipway::windows_backend
