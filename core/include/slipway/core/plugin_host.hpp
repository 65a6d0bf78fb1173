// core/include/slipway/core/plugin_host.hpp - finds, checks and loads backend plugins. A plugin that is missing, broken,
// of another ABI or crashing is reported by name and skipped.
#pragma once

#include <slipway/core/backend.hpp>
#include <slipway/core/engine.hpp>
#include <slipway/core/event_queue.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace slipway::core {

// Beside `libx.so` or `x.dll` lies `libx.json` or `x.json`; see sdk/include/slipway/plugin.h.
struct PluginManifest {
    std::string name, platform, version, description;
    uint32_t abi_major = 0, abi_minor = 0;
    std::filesystem::path library;  // absolute
};

// Reads the manifest of `library`. kNotFound without one, kInvalidArgument naming the bad key, kConflict naming both
// ABI versions when the major differs.
Result<PluginManifest> read_manifest(const std::filesystem::path& library);

// Loads `library` for good in a throw-away process and reports how that went; supplied by the daemon, which knows how
// to start processes. An empty function skips the probe.
using PluginProbe = std::function<Status(const std::filesystem::path& library)>;

// What a probe process runs: loads the library, checks its entry, calls init with a minimal host and deinit.
Status probe_plugin(const std::filesystem::path& library);

struct PluginHostOptions {
    std::vector<std::filesystem::path> directories;              // searched for manifests, in order; first name wins
    std::map<std::string, nlohmann::json> backend_config;        // by backend name; handed to slw.host.config/1
    PluginProbe probe;
    LogFunction log;
};

struct LoadedPlugins {
    std::vector<std::shared_ptr<Backend>> backends;  // each keeps its library loaded
    std::vector<BackendProblem> problems;
};

LoadedPlugins load_plugins(const PluginHostOptions& options, std::shared_ptr<BackendEventQueue> queue);

}  // namespace slipway::core
