// plugins/windows/src/sys/file_tree.hpp - files and directories as layers need them: paths of any length, links that
// are never followed, read-only files removed like others. Errors name the path.
#pragma once

#include <layers/file_time.hpp>

#include <slipway/cpp/error.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace slipway::windows_backend {

// kLink: a symbolic link or mount point, of files or directories.
enum class FileKind { kNone, kFile, kDirectory, kLink };

struct FileEntry {
    std::string name;  // UTF-8
    FileKind kind;
    std::filesystem::path native;  // the name as it is, for paths
    bool is_text = true;           // false: it is no valid text, and `name` has U+FFFD for what is not
};

// The same path in the form that has no limit of length; for streams of the standard library.
std::filesystem::path long_path(const std::filesystem::path& path);

Result<FileKind> kind_of(const std::filesystem::path& path);
// By name, in the order of bytes.
Result<std::vector<FileEntry>> list_directory(const std::filesystem::path& path);
// One that is there is fine.
Status make_directory(const std::filesystem::path& path);
// With all that is in it; gone already is fine.
Status remove_tree(const std::filesystem::path& path);
Status make_hard_link(const std::filesystem::path& target, const std::filesystem::path& name);

// Of the file itself, not of what it links to. POSIX keeps the time of the last write alone, and calls the others so.
Result<BasicInfo> basic_info(const std::filesystem::path& path);
Status set_basic_info(const std::filesystem::path& path, const BasicInfo& info);

}  // namespace slipway::windows_backend
