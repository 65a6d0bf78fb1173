#include <slipway/core/event_queue.hpp>

namespace slipway::core {

void BackendEventQueue::push(BackendEvent event) {
    {
        const std::lock_guard lock(mutex_);
        events_.push_back(std::move(event));
    }
    arrived_.notify_one();
}

std::optional<BackendEvent> BackendEventQueue::pop() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return closed_ || !events_.empty(); });
    if (events_.empty()) return std::nullopt;
    BackendEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

void BackendEventQueue::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    arrived_.notify_all();
}

}  // namespace slipway::core
