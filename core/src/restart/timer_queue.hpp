// core/src/restart/timer_queue.hpp - runs functions at given times on one thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace slipway::core {

// Thread-safe. Functions must be short (they hand long work to others) and do not throw.
class TimerQueue {
public:
    using Clock = std::chrono::steady_clock;

    TimerQueue() = default;
    ~TimerQueue() { stop(); }
    TimerQueue(const TimerQueue&) = delete;
    TimerQueue& operator=(const TimerQueue&) = delete;

    // The thread starts with the first use. After stop() nothing is scheduled any more.
    void run_at(Clock::time_point when, std::function<void()> function);

    // Drops what has not begun and waits for what has.
    void stop();

private:
    void work();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::multimap<Clock::time_point, std::function<void()>> due_;  // guarded by mutex_, as all below
    std::thread thread_;
    bool stopped_ = false;
};

}  // namespace slipway::core
