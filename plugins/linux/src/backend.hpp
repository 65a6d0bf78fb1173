// plugins/linux/src/backend.hpp - one instance of the backend: what slw_plugin.init makes.
#pragma once

#include <slipway/plugin.h>
#include <slipway/cpp/error.hpp>
#include <slipway/cpp/host.hpp>
#include <spec/defaults.hpp>
#include <spec/kernel_facts.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

class LayerStore;         // fs/layer_store.hpp
class NetworkManager;     // net/network_manager.hpp
class CgroupManager;      // cgroup/cgroup_manager.hpp
class SeccompCache;       // spec/seccomp_cache.hpp
class ContainerRegistry;  // process/container_registry.hpp
class BaseNamespace;      // process/base_namespace.hpp
class SupervisorProgram;  // process/supervisor_program.hpp
class SessionReader;      // process/session_reader.hpp

// The host's configuration for this backend (host.h lists the keys).
struct BackendConfig {
    std::string data_root;         // absolute
    std::string exec_root;         // absolute
    std::string instance;          // 8 hex digits
    std::string bridge;            // "slipway0", or "none"
    std::string bip;               // CIDR, may be empty
    std::string cgroup_parent;     // "/slipway"; with systemd_cgroups a slice, "system.slice"
    bool systemd_cgroups = false;  // "cgroup_driver": control groups are scopes that systemd makes
    std::string supervisor;        // absolute path of slipway-supervisor; found beside the plugin when not given
    ContainerDefaults defaults;
    std::vector<std::string> cdi_directories;  // of CDI specifications
    bool pivot_root = false;                   // "pivot_root": true forces the way for kernels that refuse to cover "/"

    static Result<BackendConfig> from_json(const std::string& text);
};

}  // namespace slipway::linux_backend

// The opaque type of the ABI. Members are built on first use where they touch the system, because init() may not.
struct slw_backend {
    slw_backend(const slw_host* host, slipway::linux_backend::BackendConfig config);
    ~slw_backend();
    slw_backend(const slw_backend&) = delete;
    slw_backend& operator=(const slw_backend&) = delete;

    // What this machine can do, asked once.
    const slipway::linux_backend::KernelFacts& kernel();

    slipway::Host host;
    slipway::linux_backend::BackendConfig config;

    std::unique_ptr<slipway::linux_backend::LayerStore> layers;
    std::unique_ptr<slipway::linux_backend::NetworkManager> networks;
    std::unique_ptr<slipway::linux_backend::SupervisorProgram> supervisor;
    std::unique_ptr<slipway::linux_backend::CgroupManager> cgroups;
    std::unique_ptr<slipway::linux_backend::SeccompCache> seccomp;
    std::unique_ptr<slipway::linux_backend::ContainerRegistry> containers;
    std::unique_ptr<slipway::linux_backend::BaseNamespace> base_namespace;
    std::unique_ptr<slipway::linux_backend::SessionReader> reader;  // last: its thread uses the others

private:
    std::mutex kernel_mutex_;
    std::optional<slipway::linux_backend::KernelFacts> kernel_;  // guarded by kernel_mutex_ until set
};
