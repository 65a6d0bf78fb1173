// The supervisor, or the container's first process, is killed at every step of its life: launching, parked, starting,
// running, exiting. The daemon tells the truth about the container, and nothing leaks.
#include "sweep.hpp"

#include <gmock/gmock.h>

namespace slipway::testing {
namespace {

class SupervisorSweep : public Sweep {
protected:
    void try_point(Fault fault) {
        injector->arm(fault);
        const auto begun = std::chrono::steady_clock::now();
        const Life life = live("victim");
        const FaultReport seen = injector->disarm();
        const auto took = std::chrono::steady_clock::now() - begun;
        if (!seen.fired) return;
        ++tried;
        SCOPED_TRACE("killed at call " + std::to_string(fault.nth) + ": " + seen.where + "; start " + life.start.body +
                     "; wait " + life.wait.body + "; remove " + life.remove.body);
        EXPECT_LT(took, std::chrono::seconds(5));
        ASSERT_EQ(life.create.status, 201);
        if (!life.start.ok()) {
            ++failed_starts;
            EXPECT_EQ(inspect("victim", "/State/Status"), "created");
            EXPECT_NE(inspect("victim", "/State/Error"), "");
            EXPECT_EQ(inspect("victim", "/State/Pid"), "0");
            expect_usable("victim");
            return;
        }
        // Either its end was seen in time, or nobody knows how it ended; killed by us counts as killed.
        EXPECT_THAT(life.wait.body, ::testing::ContainsRegex("\"StatusCode\":(7|137|255)"));
        if (life.wait.body.find(":7") == std::string::npos) ++lost;
        EXPECT_EQ(life.remove.status, 204);
    }

    void sweep(const std::string& name, Caller caller, uint64_t at_most) {
        Fault fault;
        fault.callers = static_cast<unsigned>(caller);
        injector->arm(fault);
        const Life counted = live("counted");
        const uint64_t count = injector->disarm().seen;
        ASSERT_TRUE(counted.remove.ok());
        fault.kill = -1;
        for (const uint64_t n : points(count, at_most)) {
            fault.nth = n;
            try_point(fault);
            if (tried % 25 == 0) {
                EXPECT_EQ(leaks(), "") << "up to point " << n;
            }
        }
        EXPECT_EQ(leaks(), "");
        EXPECT_GT(failed_starts, 0U);
        report(name + " killed (" + std::to_string(count) + " steps, " + std::to_string(failed_starts) +
                   " starts failed, " + std::to_string(lost) + " ended unseen)",
               tried);
    }

    uint64_t tried = 0, failed_starts = 0, lost = 0;
};

TEST_F(SupervisorSweep, KilledInEveryPhase) {
    sweep("supervisor", Caller::kSupervisor, 35);
}

TEST_F(SupervisorSweep, FirstProcessKilledInEveryPhase) {
    sweep("first process", Caller::kChild, 35);
}

}  // namespace
}  // namespace slipway::testing
