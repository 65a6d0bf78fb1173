// plugins/windows/src/documents/vm_requests.hpp - requests for HcsModifyComputeSystem on a utility virtual machine:
// what it gets from the host, and what its guest is to do with it.
#pragma once

#include <documents/layer_data.hpp>
#include <documents/network_documents.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::windows_backend {

// Where the guest sees a share, and a named pipe of the host ("\\.\pipe\name") that was mapped.
std::string share_in_guest(const std::string& share);
std::string pipe_in_guest(const std::string& host_path);

// A directory of the host as a share. Layers are read with backup privilege, so that their access lists keep nobody
// out.
nlohmann::json add_share_request(const std::string& share, const std::string& host_path, bool read_only,
                                 bool with_backup_privilege);
// A disk of the host on the machine's SCSI controller, mounted by the guest at `guest_path`.
nlohmann::json add_disk_request(unsigned lun, const std::string& host_path, const std::string& guest_path);
// The guest's storage filter on a mounted disk. Paths of `nearest_first` are the guest's.
nlohmann::json combine_layers_request(const std::string& guest_root, const std::vector<LayerFolder>& nearest_first);
nlohmann::json map_pipe_request(const std::string& host_path);

// The guest gets a name space of the same GUID as the host's; `properties` are HCN's of that one.
nlohmann::json add_guest_namespace_request(const nlohmann::json& properties);
// The guest is told of an adapter before it appears, with all that HCN knows of its endpoint.
nlohmann::json announce_adapter_request(const std::string& adapter, const nlohmann::json& endpoint_properties,
                                        const std::string& name_space, const DnsSettings& dns);
nlohmann::json add_adapter_request(const std::string& adapter, const nlohmann::json& endpoint_properties);
nlohmann::json remove_adapter_request(const std::string& adapter, const std::string& endpoint);

}  // namespace slipway::windows_backend
