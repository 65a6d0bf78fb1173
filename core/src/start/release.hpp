// core/src/start/release.hpp - gives back everything a run of a container holds in its backend: at its exit, and when
// an earlier attempt was left half done.
#pragma once

#include "engine/container.hpp"

#include <slipway/core/engine.hpp>

namespace slipway::core {

// Process, sandbox with its endpoints, mounts, root; in this order, since a platform may refuse to give back what a
// process still uses. Goes on after a failure; each is logged, the first is returned and container.needs_release set,
// else cleared. Idempotent. The caller holds container.operation.
Status release_run(Container& container, BackendContainer& handle, const CallContext& call,
                   const EngineOptions& options);

}  // namespace slipway::core
