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

class VolumeStore;  // volume/volume_store.hpp

// The parts of the engine a start needs. They outlive it.
struct StartServices {
    Store& store;
    Networks& networks;
    const EngineOptions& options;
    StartMetrics& metrics;
    std::function<void(const ContainerRecord&)> started;  // a start has succeeded; may be empty
    VolumeStore& volumes;
    // What another container is now. Never waits: no lock of a container is taken, so that two that join each other
    // cannot wait for each other. kNotFound "No such container: <ref>".
    std::function<Result<RecordPtr>(const std::string& ref)> find_peer;
    // Makes a record whose HostConfig was replaced say what that names now: modes, links, and mounts laid over those it
    // had. Volumes are made as needed; `settle_volumes` follows either way.
    std::function<Status(ContainerRecord& record)> adapt_to_host_config;
    // The container uses the volumes of `record`, and no others, from now on; what was made in vain goes.
    std::function<void(const ContainerRecord& record)> settle_volumes;
    // Writes the hosts files of running containers that link to this one anew, since its address is known now.
    std::function<void(const ContainerRecord& record)> tell_linking;
    // Copies what the image has at the places of new, empty volumes into them.
    std::function<Status(Container& container)> fill_volumes;
    // Whether the log can go where the log driver says.
    std::function<Status(const nlohmann::json& host_config)> check_log;
};

// What the caller of a start asks for.
struct StartRequest {
    bool is_relaunch = false;       // by the restart policy: counters and flags of the last start by hand are kept
    CancelToken* cancel = nullptr;  // may be null; cancelling undoes the start unless it is committed
    const nlohmann::json* host_config = nullptr;  // replaces the record's first (start_host_config.hpp); null: none
};

// The target of a link as it was when the start looked.
struct LinkedPeer {
    RecordPtr target;
    std::string alias;
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

    std::string network_owner = {};      // id, while another's network namespace is joined; set by join_peers
    std::vector<LinkedPeer> links = {};  // set by join_peers
};

void log_line(const EngineOptions& options, LogLevel level, const std::string& line);

}  // namespace slipway::core
