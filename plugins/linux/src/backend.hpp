// plugins/linux/src/backend.hpp - one instance of the backend: what slw_plugin.init makes.
#pragma once

#include <slipway/cpp/error.hpp>
#include <slipway/cpp/host.hpp>
#include <slipway/plugin.h>

#include <nlohmann/json.hpp>

#include <memory>
#include <string>

namespace slipway::linux_backend {

class LayerStore;         // fs/layer_store.hpp
class NetworkManager;     // net/network_manager.hpp
class CgroupManager;      // cgroup/cgroup_manager.hpp
class SeccompCache;       // spec/seccomp_cache.hpp
class ContainerRegistry;  // process/container_registry.hpp

// The host's configuration for this backend (host.h lists the keys).
struct BackendConfig {
    std::string data_root;      // absolute
    std::string exec_root;      // absolute
    std::string instance;       // 8 hex digits
    std::string bridge;         // "slipway0", or "none"
    std::string bip;            // CIDR, may be empty
    std::string cgroup_parent;  // "/slipway"
    std::string supervisor;     // absolute path of slipway-supervisor; found beside the plugin when not given

    static Result<BackendConfig> from_json(const std::string& text);
};

}  // namespace slipway::linux_backend

// The opaque type of the ABI. Members are built on first use where they touch the system, because init() may not.
struct slw_backend {
    slw_backend(const slw_host* host, slipway::linux_backend::BackendConfig config);
    ~slw_backend();
    slw_backend(const slw_backend&) = delete;
    slw_backend& operator=(const slw_backend&) = delete;

    slipway::Host host;
    slipway::linux_backend::BackendConfig config;

    std::unique_ptr<slipway::linux_backend::LayerStore> layers;
    std::unique_ptr<slipway::linux_backend::NetworkManager> networks;
    std::unique_ptr<slipway::linux_backend::CgroupManager> cgroups;
    std::unique_ptr<slipway::linux_backend::SeccompCache> seccomp;
    std::unique_ptr<slipway::linux_backend::ContainerRegistry> containers;
};
