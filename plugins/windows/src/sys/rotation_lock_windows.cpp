#include <sys/rotation_lock.hpp>

#include <windows.h>

namespace slipway::windows_backend {

// Directories cannot be locked there, so it is a file that one at a time can have open. It goes with its last handle,
// also when the process dies.
std::optional<RotationLock> RotationLock::try_take(const std::filesystem::path& log) {
    std::filesystem::path name = log;
    name += L".rotating";
    const HANDLE file = CreateFileW(name.c_str(), GENERIC_WRITE | DELETE, 0, nullptr, OPEN_ALWAYS,
                                    FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, nullptr);
    if (file == INVALID_HANDLE_VALUE) return std::nullopt;
    return RotationLock(static_cast<slw_os_handle>(reinterpret_cast<intptr_t>(file)));
}

RotationLock::~RotationLock() {
    if (handle_ != SLW_NO_HANDLE) CloseHandle(reinterpret_cast<HANDLE>(static_cast<intptr_t>(handle_)));
}

}  // namespace slipway::windows_backend
