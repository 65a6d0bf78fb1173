// A system call hangs in the middle of a start, as on a dead disk: the start fails within its phase's deadline and a
// second, everybody else is served meanwhile, and once the call returns the start is undone.
#include "sweep.hpp"

#include <gmock/gmock.h>
#include <sys/syscall.h>

#include <algorithm>
#include <iostream>
#include <thread>

namespace slipway::testing {
namespace {

using Clock = std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr std::chrono::milliseconds kDeadline{1000};

struct HungCall {
    int call;
    Caller caller;
    uint64_t nth;
    const char* phase;
};

const HungCall kHungCalls[] = {{SYS_fsopen, Caller::kDaemon, 1, "mount_root"},
                               {SYS_unshare, Caller::kDaemon, 1, "create_sandbox"},
                               {SYS_clone3, Caller::kSupervisor, 1, "create"},
                               {SYS_move_mount, Caller::kChild, 1, "create"},
                               {SYS_execve, Caller::kChild, 1, "start"}};

class Hang : public Sweep {
protected:
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options with;
        with.config = R"({"phase-deadlines": {"default": )" + std::to_string(kDeadline.count()) + "}}";
        return with;
    }

    // Asks until `done`; how long the answers took, sorted.
    std::vector<double> ask_until(const std::function<bool()>& done) const {
        std::vector<double> took;
        while (!done()) {
            for (const char* path : {"/containers/json?all=1", "/containers/victim/json"}) {
                const auto begun = Clock::now();
                EXPECT_EQ(http("GET", path).status, 200);
                took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
            }
        }
        std::sort(took.begin(), took.end());
        return took;
    }
};

TEST_F(Hang, AStartIsBoundedWhateverCallHangs) {
    std::vector<double> all;
    for (const HungCall& hung : kHungCalls) {
        SCOPED_TRACE(hung.phase);
        ASSERT_EQ(create("victim").status, 201);
        Fault fault;
        fault.calls = {hung.call};
        fault.callers = static_cast<unsigned>(hung.caller);
        fault.nth = hung.nth;
        fault.hold = true;
        injector->arm(fault);
        const auto begun = Clock::now();
        HttpReply started;
        std::atomic<bool> answered{false};
        std::chrono::duration<double> took{};
        std::thread starter([&] {
            started = http("POST", "/containers/victim/start");
            took = Clock::now() - begun;
            answered = true;
        });

        EXPECT_TRUE(eventually([&] { return injector->fired(); }));
        EXPECT_EQ(inspect("victim", "/State/Slipway/Phase"), hung.phase);
        EXPECT_NE(inspect("victim", "/State/Slipway/PhaseSince"), "");
        const std::vector<double> times = ask_until([&] { return answered.load(); });
        starter.join();

        EXPECT_LT(took, kDeadline + std::chrono::seconds(1));
        EXPECT_EQ(started.status, 500) << started.body;
        EXPECT_THAT(started.body, HasSubstr(std::string("phase ") + hung.phase));
        all.insert(all.end(), times.begin(), times.end());

        injector->disarm();
        EXPECT_TRUE(eventually([&] { return inspect("victim", "/State/Slipway/Phase").empty(); }));
        EXPECT_EQ(inspect("victim", "/State/Status"), "created");
        expect_usable("victim");
        EXPECT_EQ(leaks(), "");
    }
    std::sort(all.begin(), all.end());
    ASSERT_FALSE(all.empty());
    std::cout << "[ HANG     ] " << all.size() << " reads while starts hung: median " << all[all.size() / 2]
              << " ms, p99 " << all[all.size() * 99 / 100] << " ms\n";
    EXPECT_LT(all[all.size() * 99 / 100], 500) << "reads wait for a hanging start";
}

}  // namespace
}  // namespace slipway::testing
