#include <sys/file_tree.hpp>

#include <raw/utf16.hpp>
#include <sys/windows_error.hpp>

#include <algorithm>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

namespace {

constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
// Directories too, and links themselves.
constexpr DWORD kAsItIs = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
// What a caller may set; the others say what a file is.
constexpr DWORD kSettable = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM |
                            FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_TEMPORARY | FILE_ATTRIBUTE_OFFLINE |
                            FILE_ATTRIBUTE_NOT_CONTENT_INDEXED;

// FileDispositionInfoEx, which MinGW declares for later versions alone than the one asked for.
constexpr auto kDispositionEx = static_cast<FILE_INFO_BY_HANDLE_CLASS>(21);

bool is_gone(DWORD code) {
    return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND;
}

// The storage filter marks files of its layers with reparse points of its own; those stand for the file itself.
FileKind kind_from(DWORD attributes, DWORD tag) {
    if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 && IsReparseTagNameSurrogate(tag)) return FileKind::kLink;
    return (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? FileKind::kDirectory : FileKind::kFile;
}

fs::path pattern_in(const fs::path& directory) {
    return long_path(directory) / L"*";
}

FileHandle open_as_it_is(const fs::path& path, DWORD access) {
    return FileHandle(CreateFileW(path.c_str(), access, kShareAll, nullptr, OPEN_EXISTING, kAsItIs, nullptr));
}

bool set_attributes(const FileHandle& file, DWORD attributes) {
    FILE_BASIC_INFO wanted{};  // zeroes leave the times
    wanted.FileAttributes = (attributes & kSettable) == 0 ? FILE_ATTRIBUTE_NORMAL : attributes & kSettable;
    return file && SetFileInformationByHandle(file.get(), FileBasicInfo, &wanted, sizeof(wanted));
}

// Windows before 1809, and file systems other than NTFS. The file has its attribute back before its name goes.
DWORD remove_the_old_way(const fs::path& path, DWORD attributes, const FileHandle& file) {
    const FileHandle changing = open_as_it_is(path, FILE_WRITE_ATTRIBUTES);
    const bool read_only = (attributes & FILE_ATTRIBUTE_READONLY) != 0;
    if (read_only) set_attributes(changing, attributes & ~DWORD{FILE_ATTRIBUTE_READONLY});
    FILE_DISPOSITION_INFO wanted{TRUE};
    const bool removed = SetFileInformationByHandle(file.get(), FileDispositionInfo, &wanted, sizeof(wanted));
    const DWORD code = removed ? ERROR_SUCCESS : GetLastError();
    if (read_only) set_attributes(changing, attributes);
    return code;
}

// Attributes are the file's, not the name's: another name of it, in the layer below, would lose them.
Status remove_one(const fs::path& path, DWORD attributes) {
    const FileHandle file = open_as_it_is(path, DELETE);
    if (!file && is_gone(GetLastError())) return ok();
    if (!file) return last_error("CreateFile", path);
    FILE_DISPOSITION_INFO_EX wanted{};
    wanted.Flags = FILE_DISPOSITION_FLAG_DELETE | FILE_DISPOSITION_FLAG_POSIX_SEMANTICS |
                   FILE_DISPOSITION_FLAG_IGNORE_READONLY_ATTRIBUTE;
    if (SetFileInformationByHandle(file.get(), kDispositionEx, &wanted, sizeof(wanted))) return ok();
    const DWORD code = remove_the_old_way(path, attributes, file);
    if (code == ERROR_SUCCESS || is_gone(code)) return ok();
    return error_of_win32(code, "SetFileInformationByHandle", path);
}

}  // namespace

fs::path long_path(const fs::path& path) {
    const std::wstring text = path.native();
    if (text.starts_with(LR"(\\?\)") || text.starts_with(LR"(\\.\)")) return path;
    std::error_code code;
    fs::path whole = fs::absolute(path, code).lexically_normal();
    whole.make_preferred();
    const std::wstring plain = whole.native();
    if (plain.starts_with(LR"(\\)")) return fs::path(LR"(\\?\UNC\)" + plain.substr(2));
    return fs::path(LR"(\\?\)" + plain);
}

Result<FileKind> kind_of(const fs::path& path) {
    WIN32_FIND_DATAW found;
    const HANDLE search = FindFirstFileW(long_path(path).c_str(), &found);
    if (search == INVALID_HANDLE_VALUE) {
        if (is_gone(GetLastError())) return FileKind::kNone;
        return last_error("FindFirstFile", path);
    }
    FindClose(search);
    return kind_from(found.dwFileAttributes, found.dwReserved0);
}

Result<std::vector<FileEntry>> list_directory(const fs::path& path) {
    std::vector<FileEntry> entries;
    WIN32_FIND_DATAW found;
    const HANDLE search = FindFirstFileW(pattern_in(path).c_str(), &found);
    if (search == INVALID_HANDLE_VALUE) return last_error("FindFirstFile", path);
    do {
        const std::wstring name = found.cFileName;
        if (name == L"." || name == L"..") continue;
        // NTFS takes any units for a name, halves of surrogate pairs too.
        const fs::path native(name);
        std::string text = utf8_of_path(native);
        const bool is_text = path_from_utf8(text) == native;
        entries.push_back({std::move(text), kind_from(found.dwFileAttributes, found.dwReserved0), native, is_text});
    } while (FindNextFileW(search, &found));
    const DWORD code = GetLastError();
    FindClose(search);
    if (code != ERROR_NO_MORE_FILES) return error_of_win32(code, "FindNextFile", path);
    std::sort(entries.begin(), entries.end(), [](const FileEntry& a, const FileEntry& b) { return a.name < b.name; });
    return entries;
}

Status make_directory(const fs::path& path) {
    if (CreateDirectoryW(long_path(path).c_str(), nullptr) || GetLastError() == ERROR_ALREADY_EXISTS) return ok();
    return last_error("CreateDirectory", path);
}

Status remove_tree(const fs::path& path) {
    const fs::path whole = long_path(path);
    const DWORD attributes = GetFileAttributesW(whole.c_str());
    if (attributes == INVALID_FILE_ATTRIBUTES) {
        if (is_gone(GetLastError())) return ok();
        return last_error("GetFileAttributes", path);
    }
    const Result<FileKind> kind = kind_of(whole);
    if (kind && *kind == FileKind::kDirectory) {
        const auto entries = list_directory(whole);
        if (!entries) return entries.error();
        for (const FileEntry& entry : *entries) {
            if (Status removed = remove_tree(whole / entry.native); !removed) return removed;
        }
    }
    return remove_one(whole, attributes);
}

Status make_hard_link(const fs::path& target, const fs::path& name) {
    if (CreateHardLinkW(long_path(name).c_str(), long_path(target).c_str(), nullptr)) return ok();
    return last_error("CreateHardLink", name);
}

Result<BasicInfo> basic_info(const fs::path& path) {
    const FileHandle file(CreateFileW(long_path(path).c_str(), FILE_READ_ATTRIBUTES, kShareAll, nullptr, OPEN_EXISTING,
                                      kAsItIs, nullptr));
    FILE_BASIC_INFO found;
    if (!file || !GetFileInformationByHandleEx(file.get(), FileBasicInfo, &found, sizeof(found))) {
        return last_error("GetFileInformationByHandleEx", path);
    }
    return BasicInfo{found.CreationTime.QuadPart, found.LastAccessTime.QuadPart, found.LastWriteTime.QuadPart,
                     found.ChangeTime.QuadPart, found.FileAttributes};
}

Status set_basic_info(const fs::path& path, const BasicInfo& info) {
    const FileHandle file(CreateFileW(long_path(path).c_str(), FILE_WRITE_ATTRIBUTES, kShareAll, nullptr, OPEN_EXISTING,
                                      kAsItIs, nullptr));
    FILE_BASIC_INFO wanted{};
    wanted.CreationTime.QuadPart = info.creation;
    wanted.LastAccessTime.QuadPart = info.access;
    wanted.LastWriteTime.QuadPart = info.write;
    wanted.ChangeTime.QuadPart = info.change;
    // 0 would leave what it has.
    wanted.FileAttributes = (info.attributes & kSettable) == 0 ? FILE_ATTRIBUTE_NORMAL : info.attributes & kSettable;
    if (file && SetFileInformationByHandle(file.get(), FileBasicInfo, &wanted, sizeof(wanted))) return ok();
    return last_error("SetFileInformationByHandle", path);
}

}  // namespace slipway::windows_backend
