// plugins/linux/src/sys/netns_lock.hpp - locks between daemons that share the host's network.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <string>

namespace slipway::linux_backend {

// An exclusive lock on /run/slipway-<name>.lock, held until destroyed; the kernel drops it when the process ends,
// however it ends. The file itself stays, which costs nothing: it is on a tmpfs, and removing it would race with
// others.
class NetLock {
public:
    // kConflict when another process (or another NetLock of this one) holds it.
    static Result<NetLock> try_acquire(const std::string& name);
    // Waits for it; meant for locks held for moments.
    static Result<NetLock> acquire(const std::string& name);

private:
    explicit NetLock(UniqueFd fd) : fd_(std::move(fd)) {}
    static Result<NetLock> lock(const std::string& name, int operation);

    UniqueFd fd_;
};

}  // namespace slipway::linux_backend
