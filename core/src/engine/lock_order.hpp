// core/src/engine/lock_order.hpp - the engine's locks, outermost first. A thread may take a lock only while every lock
// it holds stands above it in this list. Checked at run time in builds without NDEBUG and under ThreadSanitizer.
//
//   OperationLock    one per container: start, stop's signals, exit handling, rename, removal. Held across backend
//   calls;
//                    never taken while any of the locks below is held, nor two of them by one thread
//   kNetworks        the built-in networks; held across Backend::network_create, once per network and daemon
//   kRegistry        id -> Container. Never held across a call elsewhere
//   kContainer       a container's published record and its handle. Never held across a call elsewhere
//   kAttachments     clients waiting for a start. Never held across a call elsewhere
//   kWaiters         who waits for an exit. Never held across a call elsewhere
//
// Below all of them: the locks of Store, EventBus, NameIndex, ImageStore and BackendEventQueue, which call nobody.
// (ImageStore asks the engine for its containers, with none of its own locks held; that takes kRegistry and
// kContainer.)
#pragma once

#include <mutex>

#if !defined(NDEBUG) || defined(__SANITIZE_THREAD__)
#define SLIPWAY_CHECK_LOCK_ORDER 1
#else
#define SLIPWAY_CHECK_LOCK_ORDER 0
#endif

namespace slipway::core {

enum class LockRank : int { kNetworks = 1, kRegistry, kContainer, kAttachments, kWaiters };

namespace lock_order {
// Ends the process with both ranks in the message when `rank` may not be taken now.
void about_to_take(LockRank rank);
void taken(LockRank rank);
void given_back(LockRank rank);
// For OperationLock: no ranked lock may be held.
void expect_none_held();
}  // namespace lock_order

// A std::mutex with a place in the order.
template <LockRank rank>
class RankedMutex {
public:
    void lock() {
        if constexpr (SLIPWAY_CHECK_LOCK_ORDER != 0) lock_order::about_to_take(rank);
        mutex_.lock();
        if constexpr (SLIPWAY_CHECK_LOCK_ORDER != 0) lock_order::taken(rank);
    }
    void unlock() {
        if constexpr (SLIPWAY_CHECK_LOCK_ORDER != 0) lock_order::given_back(rank);
        mutex_.unlock();
    }

private:
    std::mutex mutex_;
};

}  // namespace slipway::core
