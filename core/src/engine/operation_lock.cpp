#include "engine/operation_lock.hpp"

#include "engine/lock_order.hpp"

namespace slipway::core {

void OperationLock::Hold::release() {
    if (owner_ != nullptr) std::exchange(owner_, nullptr)->release();
}

std::optional<OperationLock::Holder> OperationLock::holder() const {
    const std::lock_guard lock(mutex_);
    if (!held_) return std::nullopt;
    return Holder{what_, since_, waiting_};
}

// With mutex_ held and the lock free.
OperationLock::Hold OperationLock::take(const char* what) {
    held_ = true;
    what_ = what;
    since_ = monotonic_now();
    return Hold(this);
}

OperationLock::Hold OperationLock::acquire(const char* what) {
    if constexpr (SLIPWAY_CHECK_LOCK_ORDER != 0) lock_order::expect_none_held();
    std::unique_lock lock(mutex_);
    ++waiting_;
    freed_.wait(lock, [&] { return !held_; });
    --waiting_;
    return take(what);
}

std::optional<OperationLock::Hold> OperationLock::acquire_for(std::chrono::milliseconds timeout, const char* what) {
    if constexpr (SLIPWAY_CHECK_LOCK_ORDER != 0) lock_order::expect_none_held();
    std::unique_lock lock(mutex_);
    ++waiting_;
    const bool is_free = freed_.wait_for(lock, timeout, [&] { return !held_; });
    --waiting_;
    if (!is_free) return std::nullopt;
    return take(what);
}

void OperationLock::release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    // Under the mutex: the container may be gone as soon as somebody else has the lock.
    freed_.notify_one();
}

}  // namespace slipway::core
