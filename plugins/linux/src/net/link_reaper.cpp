#include <net/link_reaper.hpp>
#include <net/links.hpp>

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <string>

namespace slipway::linux_backend {

namespace {

// Any number no administrator uses. Whoever puts a link into this group wants it deleted, so sharing it is harmless.
constexpr uint32_t kDoomedGroup = 0x736c77;  // "slw"

}  // namespace

LinkReaper::~LinkReaper() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void LinkReaper::remove(std::vector<int> links, std::chrono::milliseconds grace) noexcept {
    try {
        const auto due = std::chrono::steady_clock::now() + grace;
        const std::lock_guard lock(mutex_);
        for (const int link : links) pending_.push_back({link, due});
        if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    } catch (const std::exception& e) {
        host_.warn(std::string("delete links in the background: ") + e.what() + ", ignoring");
        return;
    }
    changed_.notify_all();
}

void LinkReaper::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto now = std::chrono::steady_clock::now();
        std::vector<int> due;
        auto earliest = std::chrono::steady_clock::time_point::max();
        std::erase_if(pending_, [&](const Pending& entry) {
            const bool take = stopping_ || entry.due <= now;
            if (take) due.push_back(entry.link);
            if (!take) earliest = std::min(earliest, entry.due);
            return take;
        });
        if (!due.empty()) {
            lock.unlock();
            delete_now(due);
            lock.lock();
        } else if (stopping_) {
            return;
        } else if (pending_.empty()) {
            changed_.wait(lock);
        } else {
            changed_.wait_until(lock, earliest);
        }
    }
}

void LinkReaper::delete_now(const std::vector<int>& links) const {
    try {
        Result<NetlinkSocket> route = NetlinkSocket::open(NETLINK_ROUTE);
        if (!route) return host_.warn(route.error().message() + ", ignoring");

        std::vector<NetlinkMessage> marks;
        for (const int link : links) marks.push_back(set_group(link, kDoomedGroup));
        Result<std::vector<int>> marked = route->transact_each(marks);
        if (!marked) return host_.warn(marked.error().message() + ", ignoring");
        // ENODEV is the normal case: the name space took the link along.
        if (std::count(marked->begin(), marked->end(), 0) == 0) return;

        Status deleted = route->transact(delete_group(kDoomedGroup));
        if (!deleted && errno_of(deleted.error()) != ENODEV) host_.warn(deleted.error().message() + ", ignoring");
    } catch (const std::exception& e) {
        host_.warn(std::string("delete links: ") + e.what() + ", ignoring");
    }
}

}  // namespace slipway::linux_backend
