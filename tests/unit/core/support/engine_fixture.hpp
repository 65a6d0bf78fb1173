// tests/unit/core/support/engine_fixture.hpp - an engine on the simulated backend, on a data root of its own.
#pragma once

#include <faulty/faulty_backend.hpp>
#include <sim/sim_backend.hpp>

#include <slipway/core/engine.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace slipway::test {

using namespace slipway::core;
using fixtures::FaultyBackend;
using fixtures::SimBackend;
using fixtures::SimOptions;
using fixtures::SimResidue;

class EngineFixture : public ::testing::Test {
protected:
    ~EngineFixture() override;
    void SetUp() override { open(); }

    // Options take effect at the next open().
    SimOptions sim_options;
    EngineOptions options;
    bool with_faults = false;

    void open();
    // Ends the engine and opens another on the same data root and the same simulated platform, as a daemon that was
    // restarted. `meanwhile` runs while there is none.
    void reopen(const std::function<void()>& meanwhile = {});
    void close();

    // Creates a container that runs `command`; fails the test when that does not work.
    std::string create(const std::vector<std::string>& command, const nlohmann::json& host_config = {},
                       const std::string& name = "");
    Result<CreatedContainer> try_create(const std::vector<std::string>& command, const nlohmann::json& host_config = {},
                                        const std::string& name = "");
    std::string create_started(const std::vector<std::string>& command, const nlohmann::json& host_config = {},
                               const std::string& name = "");
    // Waits until the container does not run and its exit is handled.
    WaitResult wait_exit(const std::string& id);

    // Looks every millisecond, for at most 10 s.
    static bool eventually(const std::function<bool()>& condition);

    RecordPtr record(const std::string& id) const;
    std::vector<std::string> log_lines() const;

    // Events of one container so far as "action", or "network connect"; oldest first.
    std::vector<std::string> events_of(const std::string& id) const;
    std::vector<Event> all_events() const;
    Event last_event(const std::string& action) const;

    void expect_no_residue() const;

    std::filesystem::path root;
    std::shared_ptr<BackendEventQueue> queue;
    std::shared_ptr<SimBackend> sim;
    std::shared_ptr<FaultyBackend> faulty;  // only with_faults
    std::unique_ptr<Engine> engine;

private:
    struct Log;
    std::shared_ptr<Log> log_;
};

// Tests named for the conformance statements they prove (SF-01 ... of the start flow; docs/conformance.md).
class SF : public EngineFixture {};

}  // namespace slipway::test
