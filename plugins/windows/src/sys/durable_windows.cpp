#include <sys/durable.hpp>

#include <documents/utf8_text.hpp>

#include <windows.h>

namespace slipway::windows_backend {

namespace {

Status flush(const std::filesystem::path& file) {
    const HANDLE handle =
        CreateFileW(file.c_str(), GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                    OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
    if (handle == INVALID_HANDLE_VALUE) return ok();  // read-only or in use: its writer flushed it
    const bool flushed = FlushFileBuffers(handle) != 0;
    const DWORD code = flushed ? 0 : GetLastError();
    CloseHandle(handle);
    if (flushed) return ok();
    return Error(ErrorCode::kSystem, "FlushFileBuffers '" + utf8_of_path(file) + "' failed")
        .with_os(SLW_OS_HRESULT, HRESULT_FROM_WIN32(code))
        .with_operation("FlushFileBuffers")
        .with_resource(utf8_of_path(file));
}

}  // namespace

Status sync_tree(const std::filesystem::path& folder) {
    std::error_code code;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, code)) {
        if (!entry.is_regular_file(code)) continue;
        if (Status flushed = flush(entry.path()); !flushed) return flushed;
    }
    return ok();
}

}  // namespace slipway::windows_backend
