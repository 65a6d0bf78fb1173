#include "engine/operation_lock.hpp"

#include "engine/lock_order.hpp"

namespace slipway::core {

void OperationLock::Hold::release() {
    if (owner_ != nullptr) std::exchange(owner_, nullptr)->release();
}

Result<OperationLock::Hold> OperationLock::acquire() {
    if constexpr (SLIPWAY_CHECK_LOCK_ORDER != 0) lock_order::expect_none_held();
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return !held_ || reason_; });
    if (reason_) return Error(ErrorCode::kUnavailable, *reason_);
    held_ = true;
    return Hold(this);
}

OperationLock::Hold OperationLock::acquire_whatever_happens() {
    if constexpr (SLIPWAY_CHECK_LOCK_ORDER != 0) lock_order::expect_none_held();
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return !held_; });
    held_ = true;
    return Hold(this);
}

void OperationLock::give_up(std::string reason) {
    const std::lock_guard lock(mutex_);
    if (!held_) return;
    reason_ = std::move(reason);
    freed_.notify_all();
}

void OperationLock::release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    reason_.reset();
    freed_.notify_all();
}

}  // namespace slipway::core
