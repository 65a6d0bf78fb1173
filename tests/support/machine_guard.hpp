// tests/support/machine_guard.hpp - after all tests of a program: nothing of its daemons is left on the machine.
#pragma once

#include <support/machine.hpp>
#include <support/process.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <string>

namespace slipway::testing {

// What carries the names of a DaemonUnderTest of this process: links, firewall tables, mounts, control groups with
// their processes, directories in /tmp.
class MachineGuard : public ::testing::Environment {
public:
    void TearDown() override {
        std::string left;
        // The kernel frees name spaces, and links with them, a little later.
        (void)eventually([&] { return (left = remains_of(std::to_string(getpid() % 1'000'000))).empty(); },
                         std::chrono::milliseconds(5'000));
        EXPECT_EQ(left, "") << "the tests left something behind";
    }
};

// Registers the guard in a program: one definition in one of its files.
inline ::testing::Environment* guard_machine() {
    return ::testing::AddGlobalTestEnvironment(new MachineGuard);
}

}  // namespace slipway::testing
