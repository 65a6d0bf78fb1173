// event_loop.hpp - a thin epoll: descriptors carry what they are and an index.
#pragma once

#include <stdint.h>
#include <sys/epoll.h>

namespace slipway::supervisor {

enum class Source : uint32_t { kListener, kConnection, kSync, kProcess, kOutput, kInput, kClient, kOom };

class EventLoop {
public:
    bool open() {
        epoll_ = epoll_create1(EPOLL_CLOEXEC);
        return epoll_ >= 0;
    }

    // Watches `fd`, or changes what it is watched for. Hang-ups are always reported: unwatch() instead of no events.
    bool watch(int fd, Source source, uint32_t index, uint32_t events) {
        epoll_event event{};
        event.events = events;
        event.data.u64 = static_cast<uint64_t>(source) << 32 | index;
        return epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) == 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
    }
    void unwatch(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

    int wait(epoll_event* events, int capacity, int timeout_ms) {
        return epoll_wait(epoll_, events, capacity, timeout_ms);
    }

private:
    int epoll_ = -1;
};

}  // namespace slipway::supervisor
