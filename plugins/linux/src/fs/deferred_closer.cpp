#include <fs/deferred_closer.hpp>

#include <algorithm>

namespace slipway::linux_backend {

DeferredCloser::~DeferredCloser() {
    {
        std::lock_guard lock(mutex_);
        stop_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

void DeferredCloser::close(UniqueFd fd, std::string key) {
    if (!fd) return;
    std::lock_guard lock(mutex_);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    queue_.push_back({std::move(fd), std::move(key)});
    changed_.notify_all();
}

bool DeferredCloser::pending(const std::string& key) const {
    if (closing_ && closing_key_ == key) return true;
    return std::any_of(queue_.begin(), queue_.end(), [&](const Item& item) { return item.key == key; });
}

void DeferredCloser::wait(const std::string& key) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !pending(key); });
}

void DeferredCloser::flush() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return queue_.empty() && !closing_; });
}

void DeferredCloser::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return stop_ || !queue_.empty(); });
        if (queue_.empty()) return;  // only when stopped
        Item item = std::move(queue_.front());
        queue_.pop_front();
        closing_ = true;
        closing_key_ = item.key;
        lock.unlock();
        item.fd.reset();
        lock.lock();
        closing_ = false;
        changed_.notify_all();
    }
}

}  // namespace slipway::linux_backend
