// core/src/start/start_host_config.hpp - the deprecated host configuration that comes with a start (API < 1.24),
// start-flow.md 3.2 and 3.4: a candidate is verified first, then it replaces the record's as one unit.
#pragma once

#include "start/phases.hpp"

namespace slipway::core {

// Puts the two phases below in the place of `verify`, for a start with StartContext.host_config.
void use_start_host_config(std::vector<Phase>& flow);

// Makes start.record the container as it would be with the new host configuration. Nothing outside of `start` changes
// but that volumes are made and held for it. Mounts of earlier configurations stay unless the new one mounts something
// in their place, and so do hardening options; a network mode that differs, compared as text, drops the endpoints with
// their settings.
//   kInvalidArgument  not acceptable: the old engine's texts for security options and binds, else those of create
//   kUnimplemented    it asks for something this version does not have
Status verify_candidate(StartContext& start, const CallContext& call);

// Its undo, before and after the commit: only volumes that the published record mounts stay in use.
Status drop_candidate(StartContext& start, const CallContext& call);

// Stores the candidate in one transaction and publishes it.
Status commit_candidate(StartContext& start, const CallContext& call);

}  // namespace slipway::core
