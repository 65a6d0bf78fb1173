// core/include/slipway/core/event_queue.hpp - carries backend events to the engine's own thread, so that a backend may
// report from inside any call without a lock of the engine being involved.
#pragma once

#include <slipway/core/backend.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>

namespace slipway::core {

// Unbounded: dropping an exit would lose a container. Any thread pushes, one thread pops.
class BackendEventQueue {
public:
    void push(BackendEvent event);
    // Waits for the next event; nullopt after close() once empty.
    std::optional<BackendEvent> pop();
    void close();

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<BackendEvent> events_;  // guarded by mutex_
    bool closed_ = false;              // guarded by mutex_
};

}  // namespace slipway::core
