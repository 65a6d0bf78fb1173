// core/src/engine/worker_pool.hpp - threads for work that may hang in a backend: starts and exits. A task gets an idle
// thread or a new one at once, so one that hangs delays nobody else.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace slipway::core {

class WorkerPool {
public:
    // Keeps up to `keep_idle` threads waiting for work, so that a start finds one ready. `on_failure` is told what a
    // task threw, on its thread.
    explicit WorkerPool(size_t keep_idle, std::function<void(const std::string&)> on_failure = {})
        : keep_idle_(keep_idle), on_failure_(std::move(on_failure)) {}
    ~WorkerPool() { drain(); }
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // Runs `task` on another thread; on the calling one when no thread can be made. What it throws ends the
    // task alone.
    void run(std::function<void()> task);

    // Waits until every task and every thread has ended. No run() may follow.
    void drain();

private:
    void work();
    void carry_out(const std::function<void()>& task) const;

    const size_t keep_idle_;
    const std::function<void(const std::string&)> on_failure_;
    std::mutex mutex_;
    std::condition_variable arrived_, ended_;
    std::deque<std::function<void()>> tasks_;  // guarded by mutex_, as everything below
    size_t idle_ = 0;
    size_t threads_ = 0;
    bool draining_ = false;
};

}  // namespace slipway::core
