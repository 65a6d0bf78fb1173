#include <sys/remove_open.hpp>

#include <string>

#include <windows.h>

namespace slipway::windows_backend {

// A file that somebody has open keeps its name until that is over: so it gets another one first, which others that
// leave may still have.
std::error_code remove_open_file(const std::filesystem::path& path) {
    constexpr int kMostLeaving = 100;
    for (int number = 0;; ++number) {
        std::filesystem::path leaving = path;
        leaving += ".leaving" + std::to_string(number);
        const bool moved = MoveFileExW(path.c_str(), leaving.c_str(), 0) != 0;
        const DWORD code = moved ? 0 : GetLastError();
        if (moved && DeleteFileW(leaving.c_str())) return {};
        if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND) return {};
        if (moved || number == kMostLeaving) return {static_cast<int>(GetLastError()), std::system_category()};
    }
}

}  // namespace slipway::windows_backend
