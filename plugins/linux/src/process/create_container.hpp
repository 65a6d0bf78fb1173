// plugins/linux/src/process/create_container.hpp - create() and destroy() behind slw.create/1.
#pragma once

#include <slipway/create.h>
#include <container.hpp>
#include <slipway/cpp/host.hpp>

#include <nlohmann/json.hpp>

namespace slipway::linux_backend {

// Where the output goes. An empty path: nowhere.
struct LogTarget {
    std::string path;
    uint64_t max_bytes = 0;
    uint32_t max_files = 1;
    std::string attributes;  // JSON object that each record carries; empty: none
};

struct CreateOptions {
    uint32_t flags = 0;  // SLW_CREATE_*
    LogTarget log;
    uint16_t tty_rows = 0, tty_columns = 0;
};

// Control groups, supervisor and parked first process, in this order; a failure gives back what was made.
Status create_container(slw_container& c, const nlohmann::json& spec, const CreateOptions& options,
                        const CallLimits& limits);

// Takes up where the control groups of a container are that an earlier daemon made below a parent of their own.
void recall_groups(slw_backend& backend, const std::string& id);

// Ends and removes whatever of container `id` exists, with or without a session. Idempotent; the first error is
// returned after everything was tried.
Status destroy_container(slw_backend& backend, const std::string& id, SupervisorSession* session);

}  // namespace slipway::linux_backend
