// tests/support/injector.hpp - lets system calls of a program under test fail, or kills processes at them.
//
// The program is started through slipway-inject (command()), as are all it starts. Nothing happens to its calls until
// arm(); then the calls a Fault means are counted, and the Nth is acted upon.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace slipway::testing {

// Who makes a call: the daemon, a supervisor, a container's first process before it runs the user's command.
enum class Caller : unsigned { kDaemon = 1, kSupervisor = 2, kChild = 4 };
constexpr unsigned kAnyCaller = 7;

struct Fault {
    std::set<int> calls;            // system call numbers; empty: all of injected_calls()
    unsigned callers = kAnyCaller;  // Caller bits
    uint64_t nth = 0;               // 0: only count
    int error = 0;                  // the call fails with it; 0: with the one of injected_calls()
    pid_t kill = 0;                 // instead of failing it, send SIGKILL to this process; -1: to the caller itself
    bool from_then_on = false;      // every later call fails, too
    bool hold = false;              // instead of failing, the call hangs until disarm() lets it go on
    // Only calls that need room on a disk below this directory: writes, and what makes files and directories.
    std::string writes_below;
};

struct FaultReport {
    uint64_t seen = 0;   // calls the fault meant
    bool fired = false;  // the Nth was among them
    std::string where;   // "supervisor move_mount" of the call that fired
    std::map<int, uint64_t> by_call;
};

class Injector {
public:
    Injector();
    ~Injector();  // the programs' later calls fail with ENOSYS, so they must have ended
    Injector(const Injector&) = delete;
    Injector& operator=(const Injector&) = delete;

    // What to put before a program's argv.
    std::vector<std::string> command() const;

    void arm(const Fault& fault);
    FaultReport disarm();
    bool fired() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::testing
