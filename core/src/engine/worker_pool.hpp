// core/src/engine/worker_pool.hpp - threads for work that may hang in a backend: starts and exits. A task gets an idle
// thread or a new one at once, so one that hangs delays nobody else.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace slipway::core {

class WorkerPool {
public:
    // Keeps up to `keep_idle` threads waiting for work, so that a start finds one ready.
    explicit WorkerPool(size_t keep_idle) : keep_idle_(keep_idle) {}
    ~WorkerPool() { drain(); }
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // Runs `task` on another thread; on the calling one when no thread can be made. Tasks do not throw.
    void run(std::function<void()> task);

    // Waits until every task and every thread has ended. No run() may follow.
    void drain();

private:
    void work();

    const size_t keep_idle_;
    std::mutex mutex_;
    std::condition_variable arrived_, ended_;
    std::deque<std::function<void()>> tasks_;  // guarded by mutex_, as everything below
    size_t idle_ = 0;
    size_t threads_ = 0;
    bool draining_ = false;
};

}  // namespace slipway::core
