// plugins/windows/src/backend.hpp - one instance of the backend: what slw_plugin.init makes.
#pragma once

#include <container_registry.hpp>
#include <hcs/api.hpp>
#include <hcs/gate.hpp>
#include <hcs/workers.hpp>
#include <layers/container_root.hpp>
#include <net/network_manager.hpp>
#include <vm/vm_access.hpp>

#include <slipway/plugin.h>
#include <slipway/cpp/host.hpp>

#include <string>

namespace slipway::windows_backend {

// The host's configuration for this backend (host.h lists the keys). Beyond those: "timeouts_ms", an object with any of
// "system", "process", "network", "storage", "stop" and "undo", and "parallel_creates".
struct BackendConfig {
    std::string data_root;  // absolute
    std::string exec_root;  // absolute
    std::string instance;   // 8 hex digits
    Timeouts timeouts;
    unsigned parallel_creates = 4;

    std::string owner() const { return "slipway-" + instance; }

    static Result<BackendConfig> from_json(const std::string& text);
};

}  // namespace slipway::windows_backend

// The opaque type of the ABI.
struct slw_backend {
    slw_backend(const slw_host* host, slipway::windows_backend::BackendConfig config,
                slipway::windows_backend::Api api);

    slipway::Host host;
    const slipway::windows_backend::BackendConfig config;
    const unsigned processors;  // of this machine
    slipway::windows_backend::Api api;
    slipway::windows_backend::Workers workers;  // before its users: they go first
    slipway::windows_backend::Gate creates;     // HCS times out when many systems are made at once
    slipway::windows_backend::FilterGate filters;
    slipway::windows_backend::AccessGate access;
    slipway::windows_backend::ContainerRegistry containers;
    slipway::windows_backend::LayerStore layers;
    slipway::windows_backend::NetworkManager networks;
};
