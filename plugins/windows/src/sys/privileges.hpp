// plugins/windows/src/sys/privileges.hpp - the rights of one who makes and restores backups: to read and write whatever
// file, and to set its owner and all of its security. An administrator has them, but switched off.
#pragma once

#include <slipway/cpp/error.hpp>

namespace slipway::windows_backend {

// Switched on for this thread while it or another one of the thread lives. Elsewhere than on Windows there is nothing
// to switch.
class BackupPrivileges {
public:
    // kPermissionDenied when this process has not got them.
    static Result<BackupPrivileges> take();
    BackupPrivileges(BackupPrivileges&& other) noexcept : taken_(other.taken_) { other.taken_ = false; }
    BackupPrivileges& operator=(BackupPrivileges&&) = delete;
    ~BackupPrivileges();

private:
    explicit BackupPrivileges(bool taken) : taken_(taken) {}

    bool taken_;
};

}  // namespace slipway::windows_backend
