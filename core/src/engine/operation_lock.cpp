#include "engine/operation_lock.hpp"

#include "engine/lock_order.hpp"

namespace slipway::core {

void OperationLock::Hold::release() {
    if (owner_ != nullptr) std::exchange(owner_, nullptr)->release();
}

OperationLock::Hold OperationLock::acquire() {
    if constexpr (SLIPWAY_CHECK_LOCK_ORDER != 0) lock_order::expect_none_held();
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return !held_; });
    held_ = true;
    return Hold(this);
}

std::optional<OperationLock::Hold> OperationLock::acquire_for(std::chrono::milliseconds timeout) {
    if constexpr (SLIPWAY_CHECK_LOCK_ORDER != 0) lock_order::expect_none_held();
    std::unique_lock lock(mutex_);
    if (!freed_.wait_for(lock, timeout, [&] { return !held_; })) return std::nullopt;
    held_ = true;
    return Hold(this);
}

void OperationLock::release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    // Under the mutex: the container may be gone as soon as somebody else has the lock.
    freed_.notify_one();
}

}  // namespace slipway::core
