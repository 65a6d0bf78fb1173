// The C++ library of mingw-w64 knows no links: its remove_all() and its iterators walk through junctions.
#include "sys/tree.hpp"

#include <windows.h>

#include <functional>
#include <string>

namespace slipway::core {

namespace {

namespace fs = std::filesystem;

std::error_code last_error() {
    return {static_cast<int>(GetLastError()), std::system_category()};
}

bool is_gone(const std::error_code& error) {
    return error.value() == ERROR_FILE_NOT_FOUND || error.value() == ERROR_PATH_NOT_FOUND;
}

// Without a limit of length, and with names as they are: containers can make some that end in a dot.
fs::path long_path(const fs::path& path) {
    const std::wstring text = path.native();
    if (text.starts_with(LR"(\\?\)")) return path;
    std::error_code ignored;
    const fs::path whole = fs::absolute(path, ignored).lexically_normal().make_preferred();
    const std::wstring& plain = whole.native();
    if (plain.starts_with(LR"(\\)")) return fs::path(LR"(\\?\UNC\)" + plain.substr(2));
    return fs::path(LR"(\\?\)" + plain);
}

bool is_link(const WIN32_FIND_DATAW& found) {
    return (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 && IsReparseTagNameSurrogate(found.dwReserved0);
}

bool is_directory(const WIN32_FIND_DATAW& found) {
    return (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

// What matches the pattern; the path itself when it is one without wildcards.
std::error_code find(const fs::path& pattern, const std::function<void(const WIN32_FIND_DATAW&)>& on_entry) {
    WIN32_FIND_DATAW found;
    const HANDLE search = FindFirstFileW(pattern.c_str(), &found);
    if (search == INVALID_HANDLE_VALUE) return last_error();
    do {
        const std::wstring_view name = found.cFileName;
        if (name != L"." && name != L"..") on_entry(found);
    } while (FindNextFileW(search, &found));
    const std::error_code end = last_error();
    FindClose(search);
    return end.value() == ERROR_NO_MORE_FILES ? std::error_code() : end;
}

std::error_code remove_found(const fs::path& path, const WIN32_FIND_DATAW& found) {
    std::error_code first;
    if (is_directory(found) && !is_link(found)) {
        first = find(path / L"*", [&](const WIN32_FIND_DATAW& entry) {
            const std::error_code error = remove_found(path / entry.cFileName, entry);
            if (error && !first) first = error;
        });
    }
    if ((found.dwFileAttributes & FILE_ATTRIBUTE_READONLY) != 0) {
        SetFileAttributesW(path.c_str(), found.dwFileAttributes & ~DWORD{FILE_ATTRIBUTE_READONLY});
    }
    const BOOL removed = is_directory(found) ? RemoveDirectoryW(path.c_str()) : DeleteFileW(path.c_str());
    const std::error_code error = removed ? std::error_code() : last_error();
    return first || is_gone(error) ? first : error;
}

uint64_t size_of_found(const fs::path& path, const WIN32_FIND_DATAW& found) {
    if (is_link(found)) return 0;
    if (!is_directory(found)) return (uint64_t{found.nFileSizeHigh} << 32) | found.nFileSizeLow;
    uint64_t bytes = 0;
    (void)find(path / L"*",
               [&](const WIN32_FIND_DATAW& entry) { bytes += size_of_found(path / entry.cFileName, entry); });
    return bytes;
}

}  // namespace

std::error_code remove_tree(const fs::path& path) {
    const fs::path whole = long_path(path);
    std::error_code removed;
    const std::error_code error =
        find(whole, [&](const WIN32_FIND_DATAW& found) { removed = remove_found(whole, found); });
    return is_gone(error) || !error ? removed : error;
}

uint64_t tree_size(const fs::path& path) {
    const fs::path whole = long_path(path);
    uint64_t bytes = 0;
    (void)find(whole, [&](const WIN32_FIND_DATAW& found) { bytes = size_of_found(whole, found); });
    return bytes;
}

fs::path real_path(const fs::path& path, std::error_code& error) {
    const HANDLE opened =
        CreateFileW(long_path(path).c_str(), 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                    OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr);
    if (opened == INVALID_HANDLE_VALUE) {
        error = last_error();
        return {};
    }
    std::wstring text(32768, L'\0');  // no path is longer
    const DWORD length = GetFinalPathNameByHandleW(opened, text.data(), static_cast<DWORD>(text.size()),
                                                   FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
    error = length == 0 || length >= text.size() ? last_error() : std::error_code();
    CloseHandle(opened);
    if (error) return {};
    text.resize(length);
    if (text.starts_with(LR"(\\?\UNC\)")) return fs::path(LR"(\\)" + text.substr(8));
    return fs::path(text.starts_with(LR"(\\?\)") ? text.substr(4) : text);
}

}  // namespace slipway::core
