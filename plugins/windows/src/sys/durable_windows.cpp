#include <sys/durable.hpp>

#include <sys/file_tree.hpp>
#include <sys/privileges.hpp>
#include <sys/windows_error.hpp>

namespace slipway::windows_backend {
namespace {

constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
constexpr DWORD kAsItIs = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;

FileHandle open_existing(const std::filesystem::path& path, DWORD access, DWORD flags = kAsItIs) {
    return FileHandle(CreateFileW(path.c_str(), access, kShareAll, nullptr, OPEN_EXISTING, flags, nullptr));
}

// A file must be open for writing, which one that is read-only refuses even to those who restore backups.
FileHandle open_to_flush(const std::filesystem::path& path) {
    FileHandle file = open_existing(path, GENERIC_WRITE);
    const DWORD code = GetLastError();
    if (file || code != ERROR_ACCESS_DENIED) return file;
    const Result<BasicInfo> info = basic_info(path);
    if (info && (info->attributes & FILE_ATTRIBUTE_READONLY) != 0) {
        BasicInfo writable = *info;
        writable.attributes &= ~DWORD{FILE_ATTRIBUTE_READONLY};
        if (set_basic_info(path, writable)) {
            file = open_existing(path, GENERIC_WRITE);
            (void)set_basic_info(path, *info);
            return file;
        }
    }
    SetLastError(code);
    return file;
}

// \\?\Volume{...} of what is open; empty when the system does not tell.
std::wstring volume_of(const FileHandle& file) {
    std::wstring name(1024, L'\0');
    const DWORD size =
        GetFinalPathNameByHandleW(file.get(), name.data(), static_cast<DWORD>(name.size()), VOLUME_NAME_GUID);
    const size_t end = size < name.size() ? name.substr(0, size).find(L'}') : std::wstring::npos;
    return end == std::wstring::npos ? std::wstring() : name.substr(0, end + 1);
}

// All that was written to it, by whomever, and what the file system keeps in memory of it: as syncfs.
bool flush_volume(const FileHandle& file) {
    const std::wstring name = volume_of(file);
    if (name.empty()) return false;
    const FileHandle volume = open_existing(name, GENERIC_WRITE, 0);
    return volume && FlushFileBuffers(volume.get()) != 0;
}

Status flush_files(const std::filesystem::path& folder) {
    const auto entries = list_directory(folder);
    if (!entries) return entries.error();
    for (const FileEntry& entry : *entries) {
        const std::filesystem::path inside = folder / entry.native;
        Status flushed = entry.kind == FileKind::kDirectory ? flush_files(inside)
                         : entry.kind == FileKind::kFile    ? sync_file(inside)
                                                            : Status(ok());
        if (!flushed) return flushed;
    }
    return ok();
}

}  // namespace

Status sync_file(const std::filesystem::path& path) {
    const FileHandle file = open_to_flush(long_path(path));
    if (!file) return last_error("CreateFile", path);
    return FlushFileBuffers(file.get()) != 0 ? Status(ok()) : Status(last_error("FlushFileBuffers", path));
}

// A layer is tens of thousands of files, and flushing each would take minutes.
Status sync_tree(const std::filesystem::path& folder) {
    const std::filesystem::path whole = long_path(folder);
    {
        const FileHandle top = open_existing(whole, FILE_READ_ATTRIBUTES, FILE_FLAG_BACKUP_SEMANTICS);
        if (!top) return last_error("CreateFile", folder);
        if (flush_volume(top)) return ok();
    }
    // Most files of Windows are the installer's own, which others may write to by these rights alone.
    const Result<BackupPrivileges> privileges = BackupPrivileges::take();
    if (!privileges) return privileges.error();
    return flush_files(whole);
}

}  // namespace slipway::windows_backend
