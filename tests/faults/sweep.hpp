// tests/faults/sweep.hpp - the fixture of sweeps: a daemon under an Injector and whole lives of containers.
#pragma once

#include <support/daemon.hpp>
#include <support/injector.hpp>
#include <support/raw_http.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace slipway::testing {

// What happened to the requests of one life.
struct Life {
    HttpReply create, start, wait, remove;
};

class Sweep : public ::testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;
    virtual DaemonUnderTest::Options options() const { return {}; }

    // Every point, instead of a selection that fits into a build's time (SLIPWAY_SWEEP=full).
    static bool is_full();
    // 1 ... count, all of them or `at_most` spread evenly; SLIPWAY_SWEEP_SHIFT=N selects others.
    static std::vector<uint64_t> points(uint64_t count, uint64_t at_most);

    HttpReply http(const std::string& method, const std::string& path, const std::string& body = "",
                   std::chrono::milliseconds timeout = std::chrono::milliseconds(20'000)) const;
    // A member of `inspect` by path, as text; "" when there is no such container or member.
    std::string inspect(const std::string& name, const std::string& path) const;

    // A container with a network, a published port, bind and tmpfs mounts, limits and a log. Writes "out" and ends with
    // kExitCode.
    HttpReply create(const std::string& name) const;
    // create, start, wait until it ended, remove; a step is skipped when an earlier one failed.
    Life live(const std::string& name) const;
    static constexpr int kExitCode = 7;
    static constexpr const char* kOutput = "out\n";
    std::string logs(const std::string& name) const;

    // Without faults: whatever state `name` is in, it starts, runs to its end and can be removed.
    void expect_usable(const std::string& name) const;

    // What the machine holds more than it did, files without an owner included; "" when nothing. Only while no
    // container exists. Each leak is told once.
    std::string leaks();
    void remember();

    // Tells of a sweep: its name and how many points it tried.
    static void report(const std::string& sweep, uint64_t points_tried);

    std::unique_ptr<Injector> injector;
    std::unique_ptr<DaemonUnderTest> daemon;
    MachineState before;
    std::set<std::string> files_before;
};

}  // namespace slipway::testing
