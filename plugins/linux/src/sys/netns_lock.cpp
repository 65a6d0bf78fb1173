#include <sys/netns_lock.hpp>

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

namespace slipway::linux_backend {

Result<NetLock> NetLock::lock(const std::string& name, int operation) {
    const std::string path = "/run/slipway-" + name + ".lock";
    UniqueFd fd{open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd) return Error::from_errno(errno, "open '" + path + "'");
    while (flock(fd.get(), operation) != 0) {
        const int err = errno;
        if (err == EINTR) continue;
        Error error = Error::from_errno(err, "lock '" + path + "'");
        if (err == EWOULDBLOCK) return std::move(error).with_code(ErrorCode::kConflict);
        return error;
    }
    return NetLock(std::move(fd));
}

Result<NetLock> NetLock::try_acquire(const std::string& name) {
    return lock(name, LOCK_EX | LOCK_NB);
}

Result<NetLock> NetLock::acquire(const std::string& name) {
    return lock(name, LOCK_EX);
}

}  // namespace slipway::linux_backend
