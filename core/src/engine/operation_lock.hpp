// core/src/engine/operation_lock.hpp - the lock that serialises what changes one container. Unlike a mutex it may be
// given back on another thread than it was taken on, and its holder can be given up on: a backend that hangs then costs
// its own container, not everybody who asks for it.
#pragma once

#include <slipway/cpp/error.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
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

    // Waits for its turn. kUnavailable with give_up()'s reason while the holder is given up on.
    Result<Hold> acquire();

    // As acquire(), but an abandoned holder is waited for too: for what must not be skipped, such as an exit.
    Hold acquire_whatever_happens();

    // The holder hangs: everybody waiting, and who comes later, is answered with `reason` until it gives the lock back.
    void give_up(std::string reason);

private:
    void release();

    std::mutex mutex_;
    std::condition_variable freed_;
    bool held_ = false;                  // guarded by mutex_
    std::optional<std::string> reason_;  // guarded by mutex_; set while the holder is given up on
};

}  // namespace slipway::core
