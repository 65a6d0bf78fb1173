#include "sys/state_files.hpp"

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include <array>
#include <charconv>
#include <memory>

namespace slipway::daemon {
namespace {

namespace fs = std::filesystem;

// Administrators and SYSTEM, for everything that is made below as well, and nothing inherited from above.
constexpr const wchar_t* kPrivate = L"D:P(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)";

Error last_error(const std::string& text) {
    return Error::from_code(std::error_code(static_cast<int>(::GetLastError()), std::system_category()), text);
}

HANDLE to_handle(slw_os_handle handle) {
    return reinterpret_cast<HANDLE>(static_cast<intptr_t>(handle));
}

struct LocalFreeDeleter {
    void operator()(void* memory) const { ::LocalFree(memory); }
};

bool is_own_user(PSID sid) {
    HANDLE token = nullptr;
    if (!::OpenProcessToken(::GetCurrentProcess(), TOKEN_QUERY, &token)) return false;
    alignas(TOKEN_USER) std::array<char, sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE> user;
    DWORD size = 0;
    const BOOL known = ::GetTokenInformation(token, TokenUser, user.data(), static_cast<DWORD>(user.size()), &size);
    ::CloseHandle(token);
    return known && ::EqualSid(sid, reinterpret_cast<const TOKEN_USER*>(user.data())->User.Sid);
}

bool is_trusted(PSID owner) {
    return ::IsWellKnownSid(owner, WinBuiltinAdministratorsSid) || ::IsWellKnownSid(owner, WinLocalSystemSid) ||
           is_own_user(owner);
}

std::string text_of_sid(PSID sid) {
    LPSTR text = nullptr;
    if (!::ConvertSidToStringSidA(sid, &text)) return "somebody else";
    const std::unique_ptr<void, LocalFreeDeleter> owned(text);
    return text;
}

// The lock is on a byte far behind the text, so that others can read who holds it.
constexpr DWORD kLockedByte = 0x40000000;

std::string read_pid(HANDLE file) {
    std::array<char, 32> text{};
    DWORD got = 0;
    if (!::ReadFile(file, text.data(), static_cast<DWORD>(text.size()), &got, nullptr)) return {};
    std::string out(text.data(), got);
    out.erase(out.find_last_not_of(" \r\n") + 1);
    return out;
}

}  // namespace

void OsHandleTraits::close(Type handle) noexcept {
    ::CloseHandle(to_handle(handle));
}

Status make_state_directory(const fs::path& path, unsigned) {
    std::error_code failure;
    fs::create_directories(path.parent_path(), failure);
    if (failure) return Error::from_code(failure, "make '" + path.parent_path().string() + "'");
    PSECURITY_DESCRIPTOR descriptor = nullptr;
    if (!::ConvertStringSecurityDescriptorToSecurityDescriptorW(kPrivate, SDDL_REVISION_1, &descriptor, nullptr)) {
        return last_error("describe who may use '" + path.string() + "'");
    }
    const std::unique_ptr<void, LocalFreeDeleter> owned(descriptor);
    SECURITY_ATTRIBUTES attributes{sizeof(attributes), descriptor, FALSE};
    if (::CreateDirectoryW(path.c_str(), &attributes)) return ok();
    if (::GetLastError() != ERROR_ALREADY_EXISTS) return last_error("make '" + path.string() + "'");
    if (Status owned_by_us = check_owner(path); !owned_by_us) return owned_by_us;
    // Also tightens a directory that an older or careless hand made wider.
    if (::SetFileSecurityW(path.c_str(), DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, descriptor)) {
        return ok();
    }
    return last_error("restrict '" + path.string() + "'");
}

Status check_owner(const fs::path& path) {
    // The link itself, where it is one, and what it leads to.
    for (const DWORD flags : {FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS}) {
        const HANDLE opened =
            ::CreateFileW(path.c_str(), READ_CONTROL, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                          OPEN_EXISTING, flags, nullptr);
        if (opened == INVALID_HANDLE_VALUE) return last_error("open '" + path.string() + "'");
        PSID owner = nullptr;
        PSECURITY_DESCRIPTOR descriptor = nullptr;
        const DWORD code = ::GetSecurityInfo(opened, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, nullptr,
                                             nullptr, nullptr, &descriptor);
        ::CloseHandle(opened);
        const std::unique_ptr<void, LocalFreeDeleter> owned(descriptor);
        ::SetLastError(code);
        if (code != ERROR_SUCCESS) return last_error("ask for the owner of '" + path.string() + "'");
        if (is_trusted(owner)) continue;
        return Error(ErrorCode::kPermissionDenied,
                     "'" + path.string() + "' belongs to " + text_of_sid(owner) + ", who could change it")
            .with_resource(path.string())
            .with_hint("look at what is in it, then give it to the administrators: takeown /a /r /f \"" +
                       path.string() + "\"");
    }
    return ok();
}

Result<LockedFile> lock_file(const fs::path& file) {
    LockedFile out;
    const HANDLE handle =
        ::CreateFileW(file.c_str(), GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr,
                      OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
    if (handle == INVALID_HANDLE_VALUE) return last_error("open '" + file.string() + "'");
    out.handle.reset(static_cast<slw_os_handle>(reinterpret_cast<intptr_t>(handle)));
    OVERLAPPED place{};
    place.Offset = kLockedByte;
    if (!::LockFileEx(handle, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &place)) {
        const DWORD code = ::GetLastError();
        if (code != ERROR_LOCK_VIOLATION && code != ERROR_IO_PENDING) return last_error("lock '" + file.string() + "'");
        out.holder = read_pid(handle);
        out.handle.reset();
        return out;
    }
    const std::string pid = own_pid() + "\n";
    DWORD wrote = 0;
    if (!::WriteFile(handle, pid.data(), static_cast<DWORD>(pid.size()), &wrote, nullptr) || !::SetEndOfFile(handle)) {
        return last_error("write '" + file.string() + "'");
    }
    return out;
}

std::string own_pid() {
    return std::to_string(::GetCurrentProcessId());
}

bool is_living_daemon(const std::string& pid) {
    DWORD number = 0;
    const auto [end, failure] = std::from_chars(pid.data(), pid.data() + pid.size(), number);
    if (failure != std::errc() || end != pid.data() + pid.size() || pid == own_pid()) return false;
    const HANDLE process = ::OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, number);
    if (process == nullptr) return false;
    std::array<wchar_t, MAX_PATH> name{};
    DWORD size = static_cast<DWORD>(name.size());
    DWORD exit_code = 0;
    const bool known = ::QueryFullProcessImageNameW(process, 0, name.data(), &size) != 0;
    const bool runs = ::GetExitCodeProcess(process, &exit_code) != 0 && exit_code == STILL_ACTIVE;
    ::CloseHandle(process);
    return known && runs && fs::path(name.data()).stem() == L"slipwayd";
}

}  // namespace slipway::daemon
