// core/src/plugin_host/instance.hpp - one started plugin: its library, its host services, the backend made by init()
// and its extension tables. PluginBackend and every PluginContainer share it; deinit() runs when the last of them is
// gone.
#pragma once

#include <slipway/core/plugin_host.hpp>

#include <slipway/slipway.h>

#include <memory>
#include <optional>

#include "plugin_host/abi_call.hpp"
#include "plugin_host/host_services.hpp"
#include "plugin_host/library.hpp"

namespace slipway::core {

class PluginInstance {
public:
    // Loads the library, calls init() and collects the extensions. A required extension, or a required function of an
    // offered one, that is missing is kInvalidArgument; a failure of init() keeps its code and text.
    static Result<std::shared_ptr<PluginInstance>> start(const PluginManifest& manifest, nlohmann::json config,
                                                         LogFunction log, std::shared_ptr<BackendEventQueue> queue);
    ~PluginInstance();
    PluginInstance(const PluginInstance&) = delete;
    PluginInstance& operator=(const PluginInstance&) = delete;

    const BackendInfo& info() const { return info_; }
    slw_backend* backend() const { return backend_; }

    // Copies of the plugin's tables. What an older plugin's shorter table lacks reads as null.
    const slw_create_ops& create() const { return *create_; }
    const slw_mount_ops& mount() const { return *mount_; }
    const slw_network_ops& network() const { return *network_; }
    const std::optional<slw_stdio_ops>& stdio() const { return stdio_; }
    const std::optional<slw_reconcile_ops>& reconcile() const { return reconcile_; }
    const std::optional<slw_pause_ops>& pause() const { return pause_; }
    const std::optional<slw_exec_ops>& exec() const { return exec_; }
    const std::optional<slw_update_ops>& update() const { return update_; }
    const std::optional<slw_stats_ops>& stats() const { return stats_; }
    const std::optional<slw_top_ops>& top() const { return top_; }
    const std::optional<slw_archive_ops>& archive() const { return archive_; }

    CallName name(const char* extension, const char* function) const { return {info_.name, extension, function}; }

private:
    PluginInstance(const PluginManifest& manifest, nlohmann::json config, LogFunction log,
                   std::shared_ptr<BackendEventQueue> queue);
    Status init(const PluginManifest& manifest);
    Status collect_extensions();
    template <class Ops>
    Status read_table(const char* id, std::optional<Ops>& out);

    BackendInfo info_;
    std::shared_ptr<PluginLibrary> library_;
    HostServices host_;
    slw_backend* backend_ = nullptr;
    std::optional<slw_create_ops> create_;
    std::optional<slw_mount_ops> mount_;
    std::optional<slw_network_ops> network_;
    std::optional<slw_stdio_ops> stdio_;
    std::optional<slw_reconcile_ops> reconcile_;
    std::optional<slw_pause_ops> pause_;
    std::optional<slw_exec_ops> exec_;
    std::optional<slw_update_ops> update_;
    std::optional<slw_stats_ops> stats_;
    std::optional<slw_top_ops> top_;
    std::optional<slw_archive_ops> archive_;
};

}  // namespace slipway::core
