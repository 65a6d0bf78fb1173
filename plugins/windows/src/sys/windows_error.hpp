// plugins/windows/src/sys/windows_error.hpp - what the last call of Windows said, as an error. Windows alone.
#pragma once

#include <documents/utf8_text.hpp>

#include <slipway/cpp/error.hpp>

#include <windows.h>

#include <filesystem>
#include <string>
#include <utility>

namespace slipway::windows_backend {

inline Error error_of_win32(DWORD code, const char* call, const std::filesystem::path& path) {
    const bool full = code == ERROR_DISK_FULL || code == ERROR_HANDLE_DISK_FULL;
    const bool denied = code == ERROR_ACCESS_DENIED || code == ERROR_PRIVILEGE_NOT_HELD;
    const ErrorCode kind = full     ? ErrorCode::kResourceExhausted
                           : denied ? ErrorCode::kPermissionDenied
                                    : ErrorCode::kSystem;
    return Error(kind, std::string(call) + " '" + utf8_of_path(path) +
                           "': " + std::system_category().message(static_cast<int>(code)))
        .with_os(SLW_OS_HRESULT, HRESULT_FROM_WIN32(code))
        .with_operation(call)
        .with_resource(utf8_of_path(path));
}

inline Error last_error(const char* call, const std::filesystem::path& path) {
    return error_of_win32(GetLastError(), call, path);
}

// Closes itself.
class FileHandle {
public:
    explicit FileHandle(HANDLE handle = INVALID_HANDLE_VALUE) : handle_(handle) {}
    FileHandle(const FileHandle&) = delete;
    FileHandle& operator=(const FileHandle&) = delete;
    FileHandle(FileHandle&& other) noexcept : handle_(std::exchange(other.handle_, INVALID_HANDLE_VALUE)) {}
    FileHandle& operator=(FileHandle&& other) noexcept {
        if (this != &other) reset(std::exchange(other.handle_, INVALID_HANDLE_VALUE));
        return *this;
    }
    ~FileHandle() { reset(); }

    void reset(HANDLE handle = INVALID_HANDLE_VALUE) {
        if (handle_ != INVALID_HANDLE_VALUE) CloseHandle(handle_);
        handle_ = handle;
    }
    HANDLE get() const { return handle_; }
    explicit operator bool() const { return handle_ != INVALID_HANDLE_VALUE; }

private:
    HANDLE handle_;
};

}  // namespace slipway::windows_backend
