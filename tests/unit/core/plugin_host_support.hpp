// tests/unit/core/plugin_host_support.hpp - a directory of plugins to load from, and a probe in a real process.
#pragma once

#include <gtest/gtest.h>
#include <slipway/core/plugin_host.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace slipway::core {

// Runs slipway-probe on a library; success takes its word "ok" as well as its exit status.
PluginProbe probe_process(int timeout_ms = 20'000);

// Each test has a directory of its own, filled from the fixtures of the build.
class PluginDirectoryTest : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    // Copies lib<name>.so and lib<name>.json of the hostile fixtures.
    void add_hostile(const std::string& name);
    // Copies the template plugin, which is well-behaved and named "example".
    void add_good();
    void write_file(const std::string& name, const std::string& text);

    LoadedPlugins load(PluginProbe probe, std::vector<std::filesystem::path> directories = {});

    // What load() made of lib<name>.so; fails the test unless it is the one problem and the good plugin loaded.
    std::string reason_beside_good(const std::string& name, PluginProbe probe);

    std::filesystem::path directory_;
    std::shared_ptr<BackendEventQueue> queue_ = std::make_shared<BackendEventQueue>();
    std::vector<std::string> log_;
};

}  // namespace slipway::core
