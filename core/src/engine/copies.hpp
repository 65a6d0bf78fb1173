// core/src/engine/copies.hpp - the archives being copied out of or into one running container. They do not hold its
// operation lock, so that a slow client delays nobody; what must not happen beside them ends them first.
#pragma once

#include <slipway/core/backend.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>

namespace slipway::core {

// How long a copy may take to notice that it is over.
inline constexpr std::chrono::seconds kCopyPatience{10};

// Every method is safe on any thread.
class Copies {
public:
    // Counts as a copy while it lives. Must not outlive the Copies.
    class Entry {
    public:
        explicit Entry(Copies& owner) : owner_(owner) {
            const std::lock_guard lock(owner_.mutex_);
            owner_.running_.insert(&cancel_);
        }
        ~Entry() {
            const std::lock_guard lock(owner_.mutex_);
            owner_.running_.erase(&cancel_);
            owner_.ended_.notify_all();
        }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

        const CancelToken* cancel() const { return &cancel_; }

    private:
        Copies& owner_;
        CancelToken cancel_;
    };

    // Tells all to stop and waits for it; false when some did not within `patience`, as one whose client reads nothing.
    bool end_all(std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        for (CancelToken* cancel : running_) cancel->cancel();
        return ended_.wait_for(lock, patience, [this] { return running_.empty(); });
    }

private:
    std::mutex mutex_;  // taken alone
    std::condition_variable ended_;
    std::set<CancelToken*> running_;  // guarded by mutex_
};

}  // namespace slipway::core
