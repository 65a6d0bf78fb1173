#include "engine/worker_pool.hpp"

#include <exception>
#include <system_error>
#include <thread>

namespace slipway::core {

void WorkerPool::run(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        // Tasks that wait already have an idle thread each; one more needs one more.
        if (idle_ > tasks_.size()) {
            tasks_.push_back(std::move(task));
            arrived_.notify_one();
            return;
        }
        try {
            std::thread([this] { work(); }).detach();
            ++threads_;
            tasks_.push_back(std::move(task));
            return;
        } catch (const std::system_error&) {
            // Out of threads: slower, but done.
        }
    }
    carry_out(task);
}

void WorkerPool::carry_out(const std::function<void()>& task) const {
    try {
        task();
    } catch (const std::exception& e) {
        if (on_failure_) on_failure_(e.what());
    }
}

void WorkerPool::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        if (!tasks_.empty()) {
            std::function<void()> task = std::move(tasks_.front());
            tasks_.pop_front();
            lock.unlock();
            carry_out(task);
            task = nullptr;  // what it captured goes before the lock is taken again
            lock.lock();
            continue;
        }
        if (draining_ || idle_ >= keep_idle_) break;
        ++idle_;
        arrived_.wait(lock);
        --idle_;
    }
    --threads_;
    // Under the lock: drain() may destroy the pool as soon as it is given back.
    ended_.notify_all();
}

void WorkerPool::drain() {
    std::unique_lock lock(mutex_);
    draining_ = true;
    arrived_.notify_all();
    ended_.wait(lock, [&] { return threads_ == 0; });
}

}  // namespace slipway::core
