#include <sys/file_tree.hpp>

#include <raw/utf16.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

namespace {

Error failed(int code, const char* call, const fs::path& path) {
    return Error::from_errno(code, std::string(call) + " '" + path.string() + "'").with_resource(path.string());
}

Error failed(const std::error_code& code, const char* call, const fs::path& path) {
    return failed(code.value(), call, path);
}

FileKind kind_of_mode(mode_t mode) {
    return S_ISLNK(mode) ? FileKind::kLink : S_ISDIR(mode) ? FileKind::kDirectory : FileKind::kFile;
}

}  // namespace

fs::path long_path(const fs::path& path) {
    return path;
}

Result<FileKind> kind_of(const fs::path& path) {
    struct stat found;
    if (lstat(path.c_str(), &found) == 0) return kind_of_mode(found.st_mode);
    if (errno == ENOENT || errno == ENOTDIR) return FileKind::kNone;
    return failed(errno, "lstat", path);
}

Result<std::vector<FileEntry>> list_directory(const fs::path& path) {
    std::vector<FileEntry> entries;
    std::error_code code;
    for (fs::directory_iterator entry(path, code), end; !code && entry != end; entry.increment(code)) {
        const Result<FileKind> kind = kind_of(entry->path());
        if (!kind) return kind.error();
        const fs::path native = entry->path().filename();
        const bool text = is_utf8(native.native());
        entries.push_back({text ? native.string() : to_utf8(to_utf16(native.native())), *kind, native, text});
    }
    if (code) return failed(code, "readdir", path);
    std::sort(entries.begin(), entries.end(), [](const FileEntry& a, const FileEntry& b) { return a.name < b.name; });
    return entries;
}

Status make_directory(const fs::path& path) {
    if (mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return ok();
    return failed(errno, "mkdir", path);
}

Status remove_tree(const fs::path& path) {
    std::error_code code;
    fs::remove_all(path, code);
    if (code && code != std::errc::no_such_file_or_directory) return failed(code, "remove", path);
    return ok();
}

Status make_hard_link(const fs::path& target, const fs::path& name) {
    std::error_code code;
    fs::create_hard_link(target, name, code);
    if (code) return failed(code, "link", name);
    return ok();
}

Result<BasicInfo> basic_info(const fs::path& path) {
    struct stat found;
    if (lstat(path.c_str(), &found) != 0) return failed(errno, "lstat", path);
    const auto time = file_time_of_seconds(found.st_mtim.tv_sec, static_cast<uint32_t>(found.st_mtim.tv_nsec));
    BasicInfo info;
    info.creation = info.access = info.write = info.change = time.value_or(0);
    info.attributes = S_ISDIR(found.st_mode) ? kAttributeDirectory : kAttributeArchive;
    return info;
}

Status set_basic_info(const fs::path& path, const BasicInfo& info) {
    if (info.write == 0) return ok();
    const UnixTime time = unix_time_of(info.write);
    const timespec both[2] = {{static_cast<time_t>(time.seconds), static_cast<long>(time.ticks) * 100},
                              {static_cast<time_t>(time.seconds), static_cast<long>(time.ticks) * 100}};
    if (utimensat(AT_FDCWD, path.c_str(), both, AT_SYMLINK_NOFOLLOW) == 0) return ok();
    return failed(errno, "utimensat", path);
}

}  // namespace slipway::windows_backend
