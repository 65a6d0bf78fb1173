// core/src/model/inherited.hpp - security options that stay in force when a host configuration is replaced at a start.
//
// A start-time host configuration (API < 1.24) replaces HostConfig whole, but the old engine never took a hardening
// option away again. ContainerRecord.inherited keeps those as a list like HostConfig.SecurityOpt; null when nothing was
// replaced yet. Mounts stay in the same way, in ContainerRecord.mount_plan.
#pragma once

#include <slipway/core/record.hpp>

namespace slipway::core {

// HostConfig with what is inherited: what the launch document is made from.
nlohmann::json effective_host_config(const ContainerRecord& record);

// The options `record` hands down when `next`, a normalised HostConfig, replaces its own.
nlohmann::json inherited_options(const ContainerRecord& record, const nlohmann::json& next);

}  // namespace slipway::core
