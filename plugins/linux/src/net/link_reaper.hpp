// plugins/linux/src/net/link_reaper.hpp - deletes links in the background, in batches.
//
// Deleting one link takes two to four grace periods, 14-35 ms, for whoever asks; a whole group at once hardly more. A
// container's link normally goes with its name space, so there is nothing left to do here; but a name space may live on
// in another container that joined it, and an endpoint can leave before its container ends.
#pragma once

#include <slipway/cpp/host.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace slipway::linux_backend {

class LinkReaper {
public:
    explicit LinkReaper(const Host& host) : host_(host) {}
    // Deletes what is pending, due or not, and ends the thread.
    ~LinkReaper();
    LinkReaper(const LinkReaper&) = delete;
    LinkReaper& operator=(const LinkReaper&) = delete;

    // Hands over links by index. Those that exist when `grace` is over are deleted. Returns at once; never throws, as
    // it serves undo paths: when no thread can be had, the links stay for a later sweep, which is logged.
    void remove(std::vector<int> links, std::chrono::milliseconds grace) noexcept;

private:
    struct Pending {
        int link;
        std::chrono::steady_clock::time_point due;
    };

    void run();
    void delete_now(const std::vector<int>& links) const;

    const Host& host_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Pending> pending_;  // guarded by mutex_
    bool stopping_ = false;         // guarded by mutex_
    std::thread thread_;            // started with the first link; guarded by mutex_ until the destructor
};

}  // namespace slipway::linux_backend
