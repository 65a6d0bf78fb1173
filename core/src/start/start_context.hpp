// core/src/start/start_context.hpp - what the phases of one start work with and hand on to each other.
#pragma once

#include "engine/container.hpp"
#include "engine/networks.hpp"
#include "start/start_metrics.hpp"
#include "store/store.hpp"

#include <slipway/core/engine.hpp>

#include <functional>
#include <string>
#include <vector>

namespace slipway::core {

// The parts of the engine a start needs. They outlive it.
struct StartServices {
    Store& store;
    Networks& networks;
    const EngineOptions& options;
    StartMetrics& metrics;
    std::function<void(const ContainerRecord&)> started;  // a start has succeeded; may be empty
};

// What the caller of a start asks for.
struct StartRequest {
    bool is_relaunch = false;       // by the restart policy: counters and flags of the last start by hand are kept
    CancelToken* cancel = nullptr;  // may be null; cancelling undoes the start unless it is committed
    const nlohmann::json* host_config = nullptr;  // replaces the record's first (start_host_config.hpp); null: none
};

// Used by the one thread that runs the start, which holds container.operation.
struct StartContext {
    const StartServices& services;
    Container& container;
    Backend& backend;
    BackendContainer& handle;

    const bool is_relaunch;
    const nlohmann::json* host_config;  // that comes with the start; null: none
    ContainerRecord record;             // a copy the phases complete; published by the last one
    NetworkRecord network;              // what HostConfig.NetworkMode means; set by create_sandbox
    std::string spec;                   // from build_spec
    StartReport report;                 // phases so far
};

void log_line(const EngineOptions& options, LogLevel level, const std::string& line);

}  // namespace slipway::core
