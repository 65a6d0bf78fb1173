#include <sys/privileges.hpp>

namespace slipway::windows_backend {

Result<BackupPrivileges> BackupPrivileges::take() {
    return BackupPrivileges(false);
}

BackupPrivileges::~BackupPrivileges() = default;

}  // namespace slipway::windows_backend
