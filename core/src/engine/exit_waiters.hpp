// core/src/engine/exit_waiters.hpp - who waits for a container to end, under Docker's three conditions. Outlives the
// container's record, so that a waiter learns the exit code of a container that is removed as it ends.
#pragma once

#include "engine/lock_order.hpp"

#include <slipway/core/engine.hpp>

#include <condition_variable>
#include <functional>

namespace slipway::core {

class ExitWaiters {
public:
    // A place in the history of the container; what happens after it was taken is not missed.
    struct Ticket {
        uint64_t exits = 0;
        uint64_t failed_removals = 0;
    };
    Ticket ticket() const;

    // True when the container has ended since `ticket`, waiting at most `timeout`; negative waits without end.
    bool wait_for_exit(Ticket ticket, std::chrono::milliseconds timeout) const;

    // As Engine::wait_container() for kNextExit and kRemoved, and for kNotRunning while it runs. kCancelled also after
    // close().
    Result<WaitResult> wait(Ticket ticket, WaitCondition condition, const std::function<bool()>& cancelled) const;

    void note_exit(WaitResult result);
    // Answers kRemoved with the last exit, or with `result` when there was none.
    void note_removal(WaitResult result);
    // Answers those who wait for kRemoved now: with the last exit and this error.
    void note_failed_removal(const std::string& error);
    // wait_for_exit() no longer waits.
    void end_patience();
    void close();

    bool removed() const;

private:
    using Mutex = RankedMutex<LockRank::kWaiters>;
    mutable Mutex mutex_;
    mutable std::condition_variable_any changed_;
    uint64_t exits_ = 0;            // guarded by mutex_, as everything below
    uint64_t failed_removals_ = 0;  // wakes who waited before the last of them
    std::string removal_error_;     // of that
    WaitResult last_exit_;
    bool removed_ = false;
    bool impatient_ = false;
    bool closed_ = false;
};

}  // namespace slipway::core
