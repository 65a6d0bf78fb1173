// plugins/linux/src/fs/deferred_closer.hpp - closes mount descriptors on a thread of its own.
#pragma once

#include <sys/unique_fd.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace slipway::linux_backend {

// Whoever drops the last reference to an overlay pays sync_filesystem() of its whole upper file system (measured: 0.3
// ms to 15 ms and more). No caller should wait for that, so the descriptor is handed to one background thread, started
// with the first descriptor. Every method is safe on any thread. Destruction closes what is left and joins.
class DeferredCloser {
public:
    DeferredCloser() = default;
    DeferredCloser(const DeferredCloser&) = delete;
    DeferredCloser& operator=(const DeferredCloser&) = delete;
    ~DeferredCloser();

    // Takes `fd`; `key` says whose it is.
    void close(UniqueFd fd, std::string key);

    // Returns once nothing handed over under `key` is open any more.
    void wait(const std::string& key);

    // Returns once nothing at all is open any more.
    void flush();

private:
    struct Item {
        UniqueFd fd;
        std::string key;
    };

    void run();
    bool pending(const std::string& key) const;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Item> queue_;   // guarded by mutex_
    bool closing_ = false;     // guarded by mutex_: an item left the queue and its close() runs
    std::string closing_key_;  // guarded by mutex_
    bool stop_ = false;        // guarded by mutex_
    std::thread thread_;       // started under mutex_
};

}  // namespace slipway::linux_backend
