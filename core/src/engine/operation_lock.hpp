// core/src/engine/operation_lock.hpp - the lock that serialises what changes one container. Unlike a mutex it may be
// given back on another thread than it was taken on, and one can stop waiting for it: a backend that hangs then costs
// its own container, not everybody who asks for it.
#pragma once

#include <slipway/core/clock.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace slipway::core {

class OperationLock {
public:
    // Owns the lock while it lives. Must not outlive it.
    class Hold {
    public:
        Hold() = default;
        Hold(Hold&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
        Hold& operator=(Hold&& other) noexcept {
            if (this != &other) {
                release();
                owner_ = std::exchange(other.owner_, nullptr);
            }
            return *this;
        }
        ~Hold() { release(); }
        void release();

    private:
        friend class OperationLock;
        explicit Hold(OperationLock* owner) : owner_(owner) {}
        OperationLock* owner_ = nullptr;
    };

    // Who has it and since when; for the watchdog.
    struct Holder {
        const char* what;
        MonotonicNanos since;
        int waiting;  // how many wait for it
    };
    std::optional<Holder> holder() const;

    // Waits for its turn, however long: for what must not be skipped, such as an exit. `what` names the operation; a
    // string literal.
    Hold acquire(const char* what);
    // Nothing when it is still held after `timeout`.
    std::optional<Hold> acquire_for(std::chrono::milliseconds timeout, const char* what);

private:
    Hold take(const char* what);
    void release();

    mutable std::mutex mutex_;
    std::condition_variable freed_;
    bool held_ = false;  // guarded by mutex_, as all below
    int waiting_ = 0;
    const char* what_ = "";
    MonotonicNanos since_ = 0;
};

}  // namespace slipway::core
