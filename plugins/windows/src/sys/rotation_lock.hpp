// plugins/windows/src/sys/rotation_lock.hpp - the lock that whoever renames the files of a log takes: its writer, and
// the engine where it puts compressed files in their places (docs/abi.md).
#pragma once

#include <slipway/base.h>

#include <filesystem>
#include <optional>
#include <utility>

namespace slipway::windows_backend {

// Held until it goes out of scope.
class RotationLock {
public:
    // Does not wait. Nothing when somebody else has it.
    static std::optional<RotationLock> try_take(const std::filesystem::path& log);

    RotationLock(RotationLock&& other) noexcept : handle_(std::exchange(other.handle_, SLW_NO_HANDLE)) {}
    RotationLock(const RotationLock&) = delete;
    RotationLock& operator=(const RotationLock&) = delete;
    ~RotationLock();

private:
    explicit RotationLock(slw_os_handle handle) : handle_(handle) {}
    slw_os_handle handle_;
};

}  // namespace slipway::windows_backend
