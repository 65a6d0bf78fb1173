// plugins/linux/src/net/firewall_watch.hpp - hears of it when somebody takes rules of ours away.
//
// `nft flush ruleset`, which most configurations of nftables begin with, deletes every table there is, the isolation of
// running containers included. The kernel tells about each change of the rules; a table's deletion is answered within
// moments, without asking again and again whether it is still there.
#pragma once

#include <sys/unique_fd.hpp>

#include <slipway/cpp/error.hpp>

#include <functional>
#include <thread>

namespace slipway::linux_backend {

class FirewallWatch {
public:
    // `on_loss` runs on the watch's thread after rules, chains or tables of ours were deleted, by anybody: once for
    // many that go together, and for changes of our own, too. It must not throw.
    explicit FirewallWatch(std::function<void()> on_loss) : on_loss_(std::move(on_loss)) {}
    // Waits for an `on_loss` that runs.
    ~FirewallWatch();
    FirewallWatch(const FirewallWatch&) = delete;
    FirewallWatch& operator=(const FirewallWatch&) = delete;

    // Listens in the calling thread's network name space from now on. Once.
    Status start();

private:
    void run();
    // Reads what has come; whether any of it is about ours, or some was lost.
    bool is_about_ours() const;
    bool wait(int fd, int timeout_ms) const;

    std::function<void()> on_loss_;
    UniqueFd events_;  // netlink socket
    UniqueFd stop_;    // eventfd, readable when the thread is to end
    std::thread thread_;
};

}  // namespace slipway::linux_backend
