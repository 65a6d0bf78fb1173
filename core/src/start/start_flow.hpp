// core/src/start/start_flow.hpp - runs the phases of a start: all of them, or none.
#pragma once

#include "start/start_context.hpp"

namespace slipway::core {

// Starts a container that is created or exited. Each phase is timed and has its deadline; the first that fails, passes
// its deadline or is cancelled ends the start, and what was acquired is given back newest first. Undo goes on after
// failures, is not cancelled, and never replaces the error; what it could not give back is logged and tried again
// before the next operation.
//
// On failure the record keeps its state and gets the error, the exit code and the report, persisted, and clients that
// wait to be attached are let go (start-flow.md 4.7). A stored configuration that is not acceptable any more touches
// neither error nor exit code.
//
// The caller holds container.operation and has checked the state.
Result<StartReport> run_start(const StartServices& services, Container& container, const StartRequest& request);

// The limit of a phase by name.
std::chrono::milliseconds phase_deadline(const EngineOptions& options, const std::string& phase);

}  // namespace slipway::core
