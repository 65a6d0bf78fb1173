// plugins/windows/src/documents/system_document.hpp - the compute-system document of a process-isolated container.
#pragma once

#include <documents/layer_data.hpp>

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace slipway::windows_backend {

// A directory of the host in the container.
struct MappedDirectory {
    std::string host_path;
    std::string container_path;  // normalised
    bool read_only = false;
};

// A named pipe of the host in the container.
struct MappedPipe {
    std::string host_path;       // \\.\pipe\name
    std::string container_name;  // without the prefix
};

// What other services prepared, joined to the document when the container is made.
struct SystemParts {
    std::vector<LayerFolder> layers;  // nearest parent first
    std::string volume_path;          // \\?\Volume{guid}, with or without a backslash at its end
    std::vector<MappedDirectory> directories;
    std::vector<MappedPipe> pipes;
    std::string network_namespace;  // GUID, empty: no network
    std::string shared_container;   // id of the container whose name space it is, empty: its own
    std::vector<std::string> dns_search;
    bool unqualified_dns = false;  // names without dots are asked for; so on NAT networks
};

// The part that follows from Docker's create request (the one of slw_create_ops.build_spec): host name, limits, devices
// and what every container of ours has.
nlohmann::json system_document(const nlohmann::json& request, const std::string& owner, unsigned host_processors);

// That part completed by what was prepared.
nlohmann::json complete_system_document(nlohmann::json document, const SystemParts& parts);

// Pieces that documents of virtual machines have, too. HCS takes an even number of mebibytes, and none makes a limit of
// nothing; {"IopsMaximum", "BandwidthMaximum"}, each where `host_config` has it.
int64_t memory_in_mb(int64_t bytes);
nlohmann::json quality_of_service(const nlohmann::json& host_config);

// Requests for HcsModifyComputeSystem that give a running system the limits of `host_config` that `changed` names.
//   kUnimplemented  a changed key that a running container cannot get
Result<std::vector<nlohmann::json>> update_requests(const nlohmann::json& host_config,
                                                    const std::vector<std::string>& changed, unsigned host_processors);

}  // namespace slipway::windows_backend
