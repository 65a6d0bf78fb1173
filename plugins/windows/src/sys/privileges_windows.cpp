#include <sys/privileges.hpp>

#include <windows.h>

namespace slipway::windows_backend {
namespace {

// Taken again by a thread that has them, they go with the last one.
thread_local unsigned taken_by_thread = 0;

Error denied(const char* call, DWORD code) {
    return Error(ErrorCode::kPermissionDenied, std::string("the rights to restore backups: ") + call + " failed")
        .with_os(SLW_OS_HRESULT, HRESULT_FROM_WIN32(code))
        .with_operation(call)
        .with_hint("slipwayd must run as an administrator or as a service of SYSTEM");
}

Status switch_on(HANDLE token, const wchar_t* name) {
    TOKEN_PRIVILEGES wanted{};
    wanted.PrivilegeCount = 1;
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    if (!LookupPrivilegeValueW(nullptr, name, &wanted.Privileges[0].Luid)) {
        return denied("LookupPrivilegeValue", GetLastError());
    }
    // It succeeds, too, when it could do nothing.
    SetLastError(ERROR_SUCCESS);
    AdjustTokenPrivileges(token, FALSE, &wanted, 0, nullptr, nullptr);
    if (const DWORD code = GetLastError(); code != ERROR_SUCCESS) return denied("AdjustTokenPrivileges", code);
    return ok();
}

}  // namespace

// A token of the thread's own: others of this process go on without these rights.
Result<BackupPrivileges> BackupPrivileges::take() {
    if (taken_by_thread > 0) {
        ++taken_by_thread;
        return BackupPrivileges(true);
    }
    if (!ImpersonateSelf(SecurityImpersonation)) return denied("ImpersonateSelf", GetLastError());
    ++taken_by_thread;
    BackupPrivileges taken(true);
    HANDLE token = nullptr;
    if (!OpenThreadToken(GetCurrentThread(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, FALSE, &token)) {
        return denied("OpenThreadToken", GetLastError());
    }
    Status on = ok();
    for (const wchar_t* name : {L"SeBackupPrivilege", L"SeRestorePrivilege", L"SeSecurityPrivilege"}) {
        if (on) on = switch_on(token, name);
    }
    CloseHandle(token);
    if (!on) return std::move(on).error();
    return taken;
}

BackupPrivileges::~BackupPrivileges() {
    if (taken_ && --taken_by_thread == 0) RevertToSelf();
}

}  // namespace slipway::windows_backend
