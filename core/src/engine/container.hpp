// core/src/engine/container.hpp - one container of the engine: its published record, its handle into the backend, the
// lock of its operations, and who waits for it. Shared by everybody who found it; outlives its removal for them.
#pragma once

#include "engine/attachments.hpp"
#include "engine/copies.hpp"
#include "engine/exit_waiters.hpp"
#include "engine/lock_order.hpp"
#include "engine/operation_lock.hpp"
#include "restart/restart_policy.hpp"

#include <slipway/core/backend.hpp>
#include <slipway/core/record.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace slipway::core {

// Which phase of a long operation runs, since when and until when. Written by the thread that runs it, read by anybody;
// kept apart from the record so that a phase costs no copy of it.
class PhaseSlot {
public:
    // `name` must be a string literal or live as long. `deadline` 0: none.
    void enter(const char* name, MonotonicNanos deadline) {
        since_.store(unix_now(), std::memory_order_relaxed);
        deadline_.store(deadline, std::memory_order_relaxed);
        name_.store(name, std::memory_order_release);
    }
    void leave() {
        deadline_.store(0, std::memory_order_relaxed);
        name_.store(nullptr, std::memory_order_release);
    }
    const char* name() const { return name_.load(std::memory_order_acquire); }
    UnixNanos since() const { return since_.load(std::memory_order_relaxed); }
    // Whether the phase has passed its deadline by `grace`.
    bool is_overdue(std::chrono::milliseconds grace) const {
        const MonotonicNanos deadline = deadline_.load(std::memory_order_relaxed);
        if (name() == nullptr || deadline == 0) return false;
        return monotonic_now() > deadline + static_cast<MonotonicNanos>(std::chrono::nanoseconds(grace).count());
    }

private:
    std::atomic<const char*> name_{nullptr};
    std::atomic<UnixNanos> since_{0};
    std::atomic<MonotonicNanos> deadline_{0};
};

// Enters a phase for as long as it lives.
class PhaseScope {
public:
    PhaseScope(PhaseSlot& slot, const char* name, MonotonicNanos deadline) : slot_(slot) {
        slot_.enter(name, deadline);
    }
    ~PhaseScope() { slot_.leave(); }
    PhaseScope(const PhaseScope&) = delete;
    PhaseScope& operator=(const PhaseScope&) = delete;

private:
    PhaseSlot& slot_;
};

class Container {
public:
    Container(ContainerRecord first_record, std::shared_ptr<Backend> owner)
        : id(first_record.id),
          backend(std::move(owner)),
          record_(std::make_shared<const ContainerRecord>(std::move(first_record))) {}

    const std::string id;
    const std::shared_ptr<Backend> backend;  // an AbsentBackend when its plugin is not loaded

    OperationLock operation;
    ExitWaiters waiters;
    Attachments attachments;
    PhaseSlot phase;
    Copies copies;

    // Restarts by request that are between their stop and their start: an end meanwhile does not remove a container
    // that removes itself.
    std::atomic<int> restarts_under_way{0};
    // Requests of clients that it end: what the engine does by itself gives way to them.
    std::atomic<uint64_t> stop_requests{0};

    std::atomic<MonotonicNanos> reported_holder{0};  // the hold of `operation` that the watchdog told of last

    // What readers get: never waits for an operation. The running phase is merged in.
    RecordPtr snapshot() const;
    // The same without the phase: no copy is ever made.
    RecordPtr record() const;
    // Only by the holder of `operation`.
    void publish(ContainerRecord next);

    // Null after removal. Only signal, status, resize, root_size, root_diff, stats and top, and while the container
    // runs and a copy is entered in `copies` the archive_ ones, may be called without holding `operation`.
    std::shared_ptr<BackendContainer> handle() const;
    void set_handle(std::shared_ptr<BackendContainer> handle);

    // --- guarded by `operation` ----------------------------------------------------------------------------------
    std::vector<uint64_t> mount_ids;  // what the running container has mounted, oldest first
    bool needs_release = false;       // an earlier undo or cleanup failed; the next operation releases everything first
    RestartBackoff backoff;
    uint64_t runs_ended = 0;  // tells a relaunch that was scheduled for an earlier end from one for the last

private:
    using Mutex = RankedMutex<LockRank::kContainer>;
    mutable Mutex mutex_;
    RecordPtr record_;                          // guarded by mutex_
    std::shared_ptr<BackendContainer> handle_;  // guarded by mutex_
};

using ContainerPtr = std::shared_ptr<Container>;

}  // namespace slipway::core
