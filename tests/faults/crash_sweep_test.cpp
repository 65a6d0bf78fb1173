// The daemon is killed at every step of a container's life - its own, the supervisor's and the first process's - and
// started again: no container, log line or exit code is lost, nothing leaks, and the same container starts again.
#include "sweep.hpp"

#include <support/injected_calls.hpp>

#include <sys/syscall.h>

#include <csignal>

namespace slipway::testing {
namespace {

class CrashSweep : public Sweep {
protected:
    // True when the daemon died in it.
    bool try_point(Fault fault) {
        fault.kill = daemon->pid();
        injector->arm(fault);
        const Life life = live("victim");
        const FaultReport seen = injector->disarm();
        SCOPED_TRACE("killed at call " + std::to_string(fault.nth) + ": " + seen.where + "; create " +
                     std::to_string(life.create.status) + ", start " + std::to_string(life.start.status) + ", wait " +
                     std::to_string(life.wait.status) + ", remove " + std::to_string(life.remove.status));
        if (!seen.fired) {
            EXPECT_EQ(life.remove.status, 204) << life.remove.body;
            return false;
        }
        daemon->kill_daemon();
        daemon->start_daemon();
        EXPECT_EQ(daemon->problem(), "");
        check(life);
        return true;
    }

    void check(const Life& life) {
        const int found = http("GET", "/containers/victim/json").status;
        if (life.remove.status == 204) {
            EXPECT_EQ(found, 404);
            return;
        }
        const bool remove_was_sent = life.wait.ok();
        if (life.create.status == 201 && !remove_was_sent) {
            EXPECT_EQ(found, 200) << "a container is lost";
        }
        if (found != 200) {
            ASSERT_EQ(found, 404);
            ASSERT_EQ(create("victim").status, 201);
        }
        if (life.start.ok() && found == 200) {
            EXPECT_NE(inspect("victim", "/State/Status"), "created") << "a start is lost";
        }
        EXPECT_TRUE(eventually([&] { return inspect("victim", "/State/Running") == "false"; }));
        if (inspect("victim", "/State/Status") == "exited") {
            EXPECT_EQ(inspect("victim", "/State/ExitCode"), "7") << "an exit code is lost";
            EXPECT_EQ(logs("victim"), kOutput);
            EXPECT_EQ(events("victim", "start"), 1);
            EXPECT_EQ(events("victim", "die"), 1);
        }
        expect_usable("victim");
    }

    int events(const std::string& name, const std::string& action) const {
        const std::string id = inspect(name, "/Id");
        const std::string lines =
            http("GET", "/events?since=1&until=" + std::to_string(time(nullptr) + 1) +
                            "&filters={%22container%22:[%22" + id + "%22],%22event%22:[%22" + action + "%22]}")
                .body;
        return static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
    }

    void sweep(const std::string& name, const Fault& fault, uint64_t at_most) {
        injector->arm(fault);
        const Life counted = live("counted");
        const uint64_t count = injector->disarm().seen;
        ASSERT_TRUE(counted.remove.ok());
        uint64_t tried = 0;
        for (const uint64_t n : points(count, at_most)) {
            Fault at = fault;
            at.nth = n;
            if (!try_point(at)) continue;  // the last few calls come and go with timing
            if (++tried % 25 == 0) {
                EXPECT_EQ(leaks(), "") << "up to point " << n;
            }
            ASSERT_EQ(daemon->problem(), "");
        }
        EXPECT_EQ(leaks(), "");
        EXPECT_GT(tried, count < at_most ? count * 3 / 4 : at_most * 3 / 4);
        report(name + " (" + std::to_string(count) + " steps)", tried);
    }
};

TEST_F(CrashSweep, AtEveryStepOfALife) {
    sweep("daemon killed", {}, 60);
}

TEST_F(CrashSweep, AtEveryWriteOfTheStore) {
    Fault writes;
    writes.calls = {SYS_pwrite64, SYS_fdatasync, SYS_ftruncate};
    writes.callers = static_cast<unsigned>(Caller::kDaemon);
    sweep("daemon killed at a store write", writes, 30);
}

}  // namespace
}  // namespace slipway::testing
