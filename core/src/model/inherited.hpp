// core/src/model/inherited.hpp - what stays in force of host configurations that were replaced at a start.
//
// A start-time host configuration (API < 1.24) replaces HostConfig whole, but the old engine never took a mount point
// or a hardening option away again. ContainerRecord.inherited keeps those: {"Binds", "Mounts", "SecurityOpt"} in the
// shapes of HostConfig, or null when nothing was replaced yet.
#pragma once

#include <slipway/core/record.hpp>

#include <slipway/cpp/error.hpp>

namespace slipway::core {

// HostConfig with what is inherited: what mounts and the launch document are made from.
nlohmann::json effective_host_config(const ContainerRecord& record);

// What `record` hands down to `next`, a normalised HostConfig with acceptable mounts that replaces its own.
Result<nlohmann::json> inherit(const ContainerRecord& record, const nlohmann::json& next);

}  // namespace slipway::core
