// core/src/plugin_host/library.hpp - a plugin's shared library, loaded, with its entry checked. Nothing of the plugin
// but its initialisers has run by then.
#pragma once

#include <slipway/core/plugin_host.hpp>

#include <slipway/plugin.h>

#include <memory>

namespace slipway::core {

class PluginLibrary : public std::enable_shared_from_this<PluginLibrary> {
public:
    // Loads the manifest's library by absolute path, symbols local and resolved at once, and compares its entry with
    // the manifest. kInvalidArgument: not a library, no entry, or an entry that contradicts the manifest; kConflict:
    // another ABI major, the message has both versions.
    static Result<std::shared_ptr<PluginLibrary>> open(const PluginManifest& manifest);
    virtual ~PluginLibrary() = default;

    // The entry, checked: numbers, name and functions are there.
    virtual const slw_plugin& entry() const = 0;

    // Keeps the library loaded until the process ends. A thread or a thread-local destructor of the plugin may outlive
    // deinit, so a library whose code has run is never unloaded.
    void pin();
};

}  // namespace slipway::core
