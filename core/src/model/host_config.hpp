// core/src/model/host_config.hpp - the part of verification that does not depend on a machine. The backend's verify()
// does the rest (kernel support, ranges of resources).
#pragma once

#include <slipway/core/record.hpp>

#include <nlohmann/json.hpp>

#include <slipway/core/record.hpp>
#include <slipway/cpp/error.hpp>

#include <string>

namespace slipway::core {

// Checks a normalised HostConfig and fills what Docker fills when it is blank: LogConfig.Type "json-file", NetworkMode
// "default", RestartPolicy.Name "no". Idempotent, so it can run again at every start. Order and texts of start-flow.md
// 10.2 column M: auto-remove with a restart policy, mounts, extra hosts, name servers, ports, restart policy,
// annotations, log options. kInvalidArgument with Docker's text.
Status check_host_config(nlohmann::json& host_config);

// The limits of the log of a checked HostConfig; those of "local" have Docker's defaults of 20 MiB and 5 files.
// `enabled` is false for the driver "none".
struct LogPolicy {
    bool enabled = true;
    uint64_t max_bytes = 0;  // 0: no rotation
    uint32_t max_files = 1;  // the current one included
};
Result<LogPolicy> log_policy(const nlohmann::json& host_config);

// Where the engine keeps the container's log: <data_dir>/<id>-json.log.
std::string log_path_of(const ContainerRecord& record);

// "10m", "1g", "512", "64kb": bytes, as docker/go-units reads them. kInvalidArgument "invalid size: '<text>'".
Result<uint64_t> parse_size(std::string_view text);

// hostname, hosts and resolv.conf in the container's own directory.
void use_own_network_files(ContainerRecord& record);

}  // namespace slipway::core
