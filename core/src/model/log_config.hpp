// core/src/model/log_config.hpp - HostConfig.LogConfig: which drivers and options there are, and what they come to.
#pragma once

#include <slipway/core/backend.hpp>
#include <slipway/core/record.hpp>
#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace slipway::core {

// The limits of the log of a normalised HostConfig; those of "local", and of what is kept of a log that is forwarded,
// have Docker's defaults of 20 MiB and 5 files. `enabled` is false for the driver "none".
struct LogPolicy {
    bool enabled = true;
    uint64_t max_bytes = 0;          // 0: no rotation
    uint32_t max_files = 1;          // the current one included
    bool readable = true;            // false: forwarded with cache-disabled
    bool compress = false;           // rotated files, where the backend keeps such
    bool compress_asked = false;     // and it was not just the driver's default
    uint64_t max_backlog_bytes = 0;  // that may wait for a receiver; 0: as much as the files hold
};

// Checks driver and options, too. kInvalidArgument with Docker's text.
Result<LogPolicy> log_policy(const nlohmann::json& host_config);

// Whether the writer of the backend's logs leaves room for compressed ones: see log/compress/rotated_file.hpp.
bool keeps_compressed_logs(const BackendInfo& backend);
// kUnimplemented when the policy was asked to compress and the backend does not keep such files.
Status check_log_compression(const nlohmann::json& host_config, const BackendInfo& backend);

// Where the engine keeps the container's log: <data_dir>/<id>-json.log.
std::string log_path_of(const ContainerRecord& record);

}  // namespace slipway::core
