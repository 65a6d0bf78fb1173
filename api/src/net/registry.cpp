#include "net/registry.hpp"

#include "net/client.hpp"

namespace slipway::api {

ConnectionRegistry::Entry::Entry(ConnectionRegistry& registry, slw_os_handle descriptor)
    : registry_(registry), descriptor_(descriptor) {
    const std::lock_guard lock(registry_.mutex_);
    place_ = registry_.busy_.insert(registry_.busy_.end(), this);
    registry_.make_room();
}

ConnectionRegistry::Entry::~Entry() {
    const std::lock_guard lock(registry_.mutex_);
    (idle_ ? registry_.idle_ : registry_.busy_).erase(place_);
    if (registry_.idle_.empty() && registry_.busy_.empty()) registry_.emptied_.notify_all();
}

bool ConnectionRegistry::Entry::set_idle() {
    const std::lock_guard lock(registry_.mutex_);
    if (registry_.stopping_ || cut_) return false;
    registry_.idle_.splice(registry_.idle_.end(), registry_.busy_, place_);
    idle_ = true;
    return true;
}

bool ConnectionRegistry::Entry::set_busy() {
    const std::lock_guard lock(registry_.mutex_);
    registry_.busy_.splice(registry_.busy_.end(), registry_.idle_, place_);
    idle_ = false;
    return !cut_;
}

void ConnectionRegistry::Entry::hand_over() {
    const std::lock_guard lock(registry_.mutex_);
    descriptor_ = SLW_NO_HANDLE;
}

// Not close(): the thread that owns the descriptor wakes up and closes it.
void ConnectionRegistry::cut(Entry& entry) {
    entry.cut_ = true;
    if (entry.descriptor_ != SLW_NO_HANDLE) cut_connection(entry.descriptor_);
}

// Threads are what runs out. Above the soft limit the connections that have been idle longest are closed, so that a
// crowd of silent clients never keeps a new one waiting.
void ConnectionRegistry::make_room() {
    size_t over = idle_.size() + busy_.size();
    over = over > soft_limit_ ? over - soft_limit_ : 0;
    for (Entry* entry : idle_) {
        if (over-- == 0) break;
        cut(*entry);
    }
}

void ConnectionRegistry::begin_stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Entry* entry : idle_) cut(*entry);
}

void ConnectionRegistry::finish_stop(std::chrono::milliseconds grace) {
    std::unique_lock lock(mutex_);
    const auto is_empty = [this]() { return idle_.empty() && busy_.empty(); };
    if (emptied_.wait_for(lock, grace, is_empty)) return;
    for (Entry* entry : busy_) cut(*entry);
    emptied_.wait(lock, is_empty);
}

size_t ConnectionRegistry::size() const {
    const std::lock_guard lock(mutex_);
    return idle_.size() + busy_.size();
}

}  // namespace slipway::api
