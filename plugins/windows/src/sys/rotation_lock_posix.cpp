#include <sys/rotation_lock.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace slipway::windows_backend {

std::optional<RotationLock> RotationLock::try_take(const std::filesystem::path& log) {
    const int directory = ::open(log.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return std::nullopt;
    RotationLock lock(directory);
    if (::flock(directory, LOCK_EX | LOCK_NB) != 0) return std::nullopt;
    return lock;
}

RotationLock::~RotationLock() {
    if (handle_ != SLW_NO_HANDLE) ::close(static_cast<int>(handle_));
}

}  // namespace slipway::windows_backend
