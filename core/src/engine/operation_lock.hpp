// core/src/engine/operation_lock.hpp - the lock that serialises what changes one container. Unlike a mutex it may be
// given back on another thread than it was taken on, and one can stop waiting for it: a backend that hangs then costs
// its own container, not everybody who asks for it.
#pragma once

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

    // Waits for its turn, however long: for what must not be skipped, such as an exit.
    Hold acquire();
    // Nothing when it is still held after `timeout`.
    std::optional<Hold> acquire_for(std::chrono::milliseconds timeout);

private:
    void release();

    std::mutex mutex_;
    std::condition_variable freed_;
    bool held_ = false;  // guarded by mutex_
};

}  // namespace slipway::core
