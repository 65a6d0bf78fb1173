// A system call of the daemon fails while it starts and takes over what runs: it comes up or says why not, and no
// running container is lost either way.
#include "sweep.hpp"

#include <csignal>

namespace slipway::testing {
namespace {

class BootSweep : public Sweep {};

TEST_F(BootSweep, EveryCallOfABootFailsOnce) {
    ASSERT_EQ(http("POST", "/containers/create?name=keeper",
                   R"({"Image":"box","Cmd":["sleep","600"],"HostConfig":{"PublishAllPorts":true},)"
                   R"("ExposedPorts":{"80/tcp":{}}})")
                  .status,
              201);
    ASSERT_EQ(http("POST", "/containers/keeper/start").status, 204);
    const std::string pid = inspect("keeper", "/State/Pid");
    const std::string port = inspect("keeper", "/NetworkSettings/Ports/80~1tcp/0/HostPort");
    const auto boot = [&](uint64_t nth) {
        daemon->stop_daemon();
        Fault fault;
        fault.callers = static_cast<unsigned>(Caller::kDaemon);
        fault.nth = nth;
        injector->arm(fault);
        daemon->start_daemon();
        return injector->disarm();
    };
    const uint64_t count = boot(0).seen;
    ASSERT_EQ(daemon->problem(), "");

    uint64_t tried = 0, refused = 0;
    for (const uint64_t n : points(count, 30)) {
        const FaultReport seen = boot(n);
        SCOPED_TRACE("call " + std::to_string(n) + ": " + seen.where);
        if (!seen.fired) continue;
        ++tried;
        if (!daemon->problem().empty()) {
            ++refused;
            daemon->kill_daemon();
            daemon->start_daemon();
            ASSERT_EQ(daemon->problem(), "");
        }
        ASSERT_EQ(inspect("keeper", "/State/Status"), "running");
        EXPECT_EQ(inspect("keeper", "/State/Pid"), pid);
        EXPECT_EQ(inspect("keeper", "/NetworkSettings/Ports/80~1tcp/0/HostPort"), port);
        ASSERT_EQ(kill(static_cast<pid_t>(std::stol(pid)), 0), 0);
    }

    daemon->stop_daemon();
    daemon->start_daemon();
    EXPECT_EQ(http("DELETE", "/containers/keeper?force=1").status, 204);
    EXPECT_EQ(leaks(), "");
    report("failing calls of a boot (" + std::to_string(count) + " calls, " + std::to_string(refused) +
               " times the daemon did not come up)",
           tried);
}

}  // namespace
}  // namespace slipway::testing
