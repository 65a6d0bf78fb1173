#include <sys/clone_file.hpp>

#include <sys/file_tree.hpp>
#include <sys/windows_error.hpp>

#include <vector>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

namespace {

constexpr DWORD kAsItIs = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;

// One side of a backup, ended whatever happens.
struct Backup {
    decltype(&BackupRead) function;
    FileHandle file;
    void* context = nullptr;

    Backup(decltype(&BackupRead) side, HANDLE opened) : function(side), file(opened) {}
    ~Backup() {
        DWORD nothing = 0;
        if (context != nullptr) function(file.get(), nullptr, 0, &nothing, TRUE, TRUE, &context);
    }
};

// Without backups, as in Wine 8: what is in a file, and nothing of a directory, which is there already.
Status copy_contents(const fs::path& from, const fs::path& to, bool directory) {
    if (directory || CopyFileW(from.c_str(), to.c_str(), FALSE)) return ok();
    return last_error("CopyFile", to);
}

Status copy_streams(const fs::path& from, const fs::path& to, bool directory) {
    Backup source(&BackupRead, CreateFileW(from.c_str(), GENERIC_READ | ACCESS_SYSTEM_SECURITY, FILE_SHARE_READ,
                                           nullptr, OPEN_EXISTING, kAsItIs, nullptr));
    if (!source.file) return last_error("CreateFile", from);
    Backup target(
        &BackupWrite,
        CreateFileW(to.c_str(), GENERIC_READ | GENERIC_WRITE | WRITE_DAC | WRITE_OWNER | ACCESS_SYSTEM_SECURITY,
                    FILE_SHARE_READ, nullptr, directory ? OPEN_EXISTING : CREATE_NEW, kAsItIs, nullptr));
    if (!target.file) return last_error("CreateFile", to);
    std::vector<BYTE> buffer(256 * 1024);
    while (true) {
        DWORD got = 0;
        if (!BackupRead(source.file.get(), buffer.data(), static_cast<DWORD>(buffer.size()), &got, FALSE, TRUE,
                        &source.context)) {
            if (GetLastError() != ERROR_NOT_SUPPORTED) return last_error("BackupRead", from);
            source.file.reset();
            target.file.reset();
            return copy_contents(from, to, directory);
        }
        if (got == 0) return ok();
        for (DWORD at = 0; at < got;) {
            DWORD written = 0;
            if (!BackupWrite(target.file.get(), buffer.data() + at, got - at, &written, FALSE, TRUE, &target.context)) {
                return last_error("BackupWrite", to);
            }
            if (written == 0) return error_of_win32(ERROR_INVALID_DATA, "BackupWrite", to);
            at += written;
        }
    }
}

}  // namespace

Status clone_file(const fs::path& from, const fs::path& to) {
    const Result<BasicInfo> info = basic_info(from);
    if (!info) return info.error();
    const bool directory = (info->attributes & kAttributeDirectory) != 0;
    if (directory) {
        if (Status made = make_directory(to); !made) return made;
    }
    if (Status copied = copy_streams(long_path(from), long_path(to), directory); !copied) return copied;
    return set_basic_info(to, *info);
}

}  // namespace slipway::windows_backend
