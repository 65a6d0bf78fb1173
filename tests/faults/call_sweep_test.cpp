// The Nth system call of each kind fails, in daemon, plugin, supervisor and the container's first process, in a whole
// life of a container: create, start, exit, remove. After each: nothing leaks, the record is right, and a container
// of the same name starts.
#include "sweep.hpp"

#include <support/injected_calls.hpp>

#include <iostream>

namespace slipway::testing {
namespace {

class CallSweep : public Sweep {
protected:
    // One life with a fault, and what must hold afterwards.
    void try_point(Fault fault) {
        injector->arm(fault);
        const auto begun = std::chrono::steady_clock::now();
        const Life life = live("victim");
        const FaultReport report = injector->disarm();
        const auto took = std::chrono::steady_clock::now() - begun;
        ++tried;
        where = report.where;
        SCOPED_TRACE("call " + std::to_string(fault.nth) + ": " + report.where + "; create " + life.create.body +
                     "; start " + life.start.body + "; wait " + life.wait.body + "; remove " + life.remove.body);
        EXPECT_LT(took, std::chrono::seconds(8));
        check_record(life);
    }

    void check_record(const Life& life) {
        if (life.remove.status == 204) {
            EXPECT_EQ(http("GET", "/containers/victim/json").status, 404);
            return;
        }
        if (life.create.status != 201) {
            // Without an answer it may have been made.
            const int found = http("GET", "/containers/victim/json").status;
            EXPECT_TRUE(found == 404 || life.create.status == 0);
            if (found != 200) {
                ASSERT_EQ(create("victim").status, 201);
            }
        } else if (life.start.status >= 400) {
            EXPECT_EQ(inspect("victim", "/State/Status"), "created");
            EXPECT_EQ(inspect("victim", "/State/Pid"), "0");
        } else if (life.wait.ok() && life.remove.status == 0 && http("GET", "/containers/victim/json").status == 404) {
            return;  // only the answer was lost
        } else if (life.start.status == 204) {
            // The fault came later: it ran, its end is known, and removing it failed.
            EXPECT_TRUE(eventually([&] { return inspect("victim", "/State/Running") == "false"; }));
            EXPECT_TRUE(!life.wait.ok() || inspect("victim", "/State/ExitCode") == "7");
            EXPECT_EQ(http("DELETE", "/containers/victim?force=1").status, 204);
            return;
        }
        // No answer to start: it may run, and end, by itself.
        if (life.start.status == 0) (void)eventually([&] { return inspect("victim", "/State/Running") == "false"; });
        expect_usable("victim");
    }

    uint64_t tried = 0;
    std::string where;
};

TEST_F(CallSweep, EveryCallOfEveryKindFailsOnce) {
    injector->arm({});
    const Life life = live("counted");
    const FaultReport counts = injector->disarm();
    ASSERT_TRUE(life.remove.ok());
    const char* only = std::getenv("SLIPWAY_SWEEP_CALL");
    for (const auto& [number, count] : counts.by_call) {
        const std::string name = find_injected_call(number)->name;
        if (only != nullptr && name != only) continue;
        SCOPED_TRACE(name);
        for (const uint64_t n : points(count, 5)) {
            Fault fault;
            fault.calls = {number};
            fault.nth = n;
            try_point(fault);
            if (only != nullptr) {
                EXPECT_EQ(leaks(), "") << fault.nth << " " << where;
            }
        }
        EXPECT_EQ(leaks(), "");
        if (raw_http(daemon->socket(), "GET", "/_ping").status != 200) {
            FAIL() << "the daemon is gone: " << daemon->log().substr(daemon->log().size() - 2000);
        }
    }
    report("failing calls", tried);
}

}  // namespace
}  // namespace slipway::testing
