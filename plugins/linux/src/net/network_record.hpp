// plugins/linux/src/net/network_record.hpp - state_dir/network.json: what the kernel cannot tell after a restart.
#pragma once

#include <net/endpoint.hpp>

#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// Endpoints come without `network`, which is opened from their network_document.
struct NetworkRecord {
    SandboxSpec sandbox;
    std::vector<Endpoint> endpoints;
};

std::string encode_record(const SandboxSpec& sandbox, const std::vector<Endpoint>& endpoints);
// kDataLoss for anything encode_record() did not write.
Result<NetworkRecord> decode_record(const std::string& text);

// Replaces the file in one step. Not synced: the directory does not outlive a power loss anyway.
Status write_record(const std::string& state_dir, const std::string& text);
// Nothing when there is no file.
Result<std::optional<NetworkRecord>> read_record(const std::string& state_dir);
// Gone already is success.
Status remove_record(const std::string& state_dir);

}  // namespace slipway::linux_backend
