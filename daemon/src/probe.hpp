// daemon/src/probe.hpp - tries a backend in a process of its own, so that one that crashes or hangs takes only that
// process with it.
#pragma once

#include <slipway/core/plugin_host.hpp>

#include <chrono>
#include <filesystem>

namespace slipway::daemon {

// Runs `program --probe-plugin <library>` for at most `limit`. kUnavailable naming the signal or the time when it
// crashed or hung; else the error the probe printed.
core::PluginProbe make_probe(std::filesystem::path program, std::chrono::milliseconds limit);

// The other side: probes `library` and prints the error as JSON to stdout. Returns the exit code.
int run_probe(const std::string& library);

}  // namespace slipway::daemon
