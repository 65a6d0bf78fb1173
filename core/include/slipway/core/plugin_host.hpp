// core/include/slipway/core/plugin_host.hpp - finds, checks and loads backend plugins. A plugin that is missing,
// broken, of another ABI or crashing is reported by name and skipped.
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
    std::string name, platform, image_os, version, description;
    uint32_t abi_major = 0, abi_minor = 0;
    std::vector<std::string> features;  // what the backend does beyond its functions
    std::filesystem::path library;      // absolute
};

// Reads the manifest of `library`. kNotFound without one, kInvalidArgument naming the bad key, kConflict naming both
// ABI versions when the major differs.
Result<PluginManifest> read_manifest(const std::filesystem::path& library);

// Has a throw-away process run probe_plugin() on `library` and reports how that went; supplied by the daemon, which
// knows how to start processes. A failure's message says how the process ended, or what it wrote; it need not name the
// backend. An empty function skips the probe.
using PluginProbe = std::function<Status(const std::filesystem::path& library)>;

// What a probe process runs: loads the library, checks its entry, calls init with a minimal host, checks its extensions
// and calls deinit. The configuration it gives names directories that do not exist.
Status probe_plugin(const std::filesystem::path& library);

struct PluginHostOptions {
    // Searched in order for shared libraries and manifests, not below; the first that loads under a name wins. One that
    // does not exist is passed over.
    std::vector<std::filesystem::path> directories;
    std::map<std::string, nlohmann::json> backend_config;  // by backend name; handed to slw.host.config/1
    // Keys that every backend gets unless backend_config has them, such as "instance".
    nlohmann::json common_config = nlohmann::json::object();
    // When set, <root>/backends/<name> becomes "data_root" and "exec_root" unless backend_config has them.
    std::filesystem::path data_root, exec_root;
    PluginProbe probe;
    LogFunction log;
};

struct LoadedPlugins {
    std::vector<std::shared_ptr<Backend>> backends;  // each keeps its library loaded
    std::vector<BackendProblem> problems;
};

// Loads what the directories hold. Per plugin, in this order: manifest, platform, owner and permissions of the files,
// name not taken, probe, library, entry, init, required extensions; the first that fails is the problem reported, and
// the others go on. Never throws. `queue` receives the backends' events.
LoadedPlugins load_plugins(const PluginHostOptions& options, std::shared_ptr<BackendEventQueue> queue);

}  // namespace slipway::core
