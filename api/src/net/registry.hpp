// api/src/net/registry.hpp - knows every open connection, so that idle ones can give way to new ones and all can be
// ended when the server stops.
#pragma once

#include <slipway/base.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>

namespace slipway::api {

class ConnectionRegistry {
public:
    explicit ConnectionRegistry(size_t soft_limit) : soft_limit_(soft_limit) {}

    // One open connection; lives on the stack of its thread and must be gone before the descriptor is closed.
    class Entry {
    public:
        Entry(ConnectionRegistry& registry, slw_os_handle descriptor);
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        ~Entry();

        // Between two requests; an idle connection may be shut down at any time. False when the server stops.
        bool set_idle();
        // False when it was shut down while idle.
        bool set_busy();
        // The descriptor's stream belongs to somebody else now; ending connections must not touch it.
        void hand_over();

    private:
        friend class ConnectionRegistry;
        ConnectionRegistry& registry_;
        slw_os_handle descriptor_;
        bool idle_ = false, cut_ = false;  // guarded by registry_.mutex_
        std::list<Entry*>::iterator place_;
    };

    // Refuses idling from now on and shuts down the idle ones.
    void begin_stop();
    // Waits until none is left, at most `grace`; then shuts down the rest and waits for those.
    void finish_stop(std::chrono::milliseconds grace);

    size_t size() const;

private:
    void cut(Entry& entry);
    void make_room();

    const size_t soft_limit_;
    mutable std::mutex mutex_;
    std::condition_variable emptied_;
    std::list<Entry*> idle_, busy_;  // guarded by mutex_; idle_ oldest first
    bool stopping_ = false;          // guarded by mutex_
};

}  // namespace slipway::api
