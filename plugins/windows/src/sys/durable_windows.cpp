#include <sys/durable.hpp>

#include <sys/file_tree.hpp>
#include <sys/windows_error.hpp>

namespace slipway::windows_backend {

Status sync_file(const std::filesystem::path& path) {
    const FileHandle file(CreateFileW(long_path(path).c_str(), GENERIC_WRITE,
                                      FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                                      FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
    if (!file) return ok();  // read-only or in use: its writer flushed it
    return FlushFileBuffers(file.get()) != 0 ? Status(ok()) : Status(last_error("FlushFileBuffers", path));
}

Status sync_tree(const std::filesystem::path& folder) {
    const auto entries = list_directory(folder);
    if (!entries) return entries.error();
    for (const FileEntry& entry : *entries) {
        const std::filesystem::path inside = folder / path_from_utf8(entry.name);
        Status synced = entry.kind == FileKind::kDirectory ? sync_tree(inside)
                        : entry.kind == FileKind::kFile    ? sync_file(inside)
                                                           : Status(ok());
        if (!synced) return synced;
    }
    return ok();
}

}  // namespace slipway::windows_backend
