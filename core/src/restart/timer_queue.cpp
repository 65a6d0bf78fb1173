#include "restart/timer_queue.hpp"

namespace slipway::core {

void TimerQueue::run_at(Clock::time_point when, std::function<void()> function) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    due_.emplace(when, std::move(function));
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    changed_.notify_one();
}

void TimerQueue::stop() {
    std::thread thread;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        due_.clear();
        thread.swap(thread_);
        changed_.notify_one();
    }
    if (thread.joinable()) thread.join();
}

void TimerQueue::work() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
        if (due_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const auto first = due_.begin();
        if (const auto when = first->first; when > Clock::now()) {
            changed_.wait_until(lock, when);
            continue;
        }
        const std::function<void()> function = std::move(first->second);
        due_.erase(first);
        lock.unlock();
        function();
        lock.lock();
    }
}

}  // namespace slipway::core
