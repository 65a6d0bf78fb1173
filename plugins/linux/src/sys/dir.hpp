// plugins/linux/src/sys/dir.hpp - working below a directory by descriptor, so that no name in it can lead outside.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// How open_below() treats symbolic links on the way.
enum class Links {
    kInRoot,  // followed as if `root` were "/": absolute links and ".." end inside
    kRefuse,  // any link is ELOOP
};

// Whether open_below() may step from one mount into another on the way.
enum class Mounts { kRefuse, kCross };

// openat2() of `path` below the directory `root`. Never leaves `root`, crosses a mount or takes a magic link. Returns
// the errno in the Error's os() so that callers can tell ENOENT from the rest. `mode` is for O_CREAT.
Result<UniqueFd> open_below(int root, const std::string& path, int flags, Links links, mode_t mode = 0);

// The same for code that decides by errno at full speed: the descriptor, or -1 with errno set.
int try_open_below(int root, const char* path, uint64_t flags, Links links, mode_t mode = 0,
                   Mounts mounts = Mounts::kRefuse) noexcept;

// Opens an absolute host directory by path, for the roots that everything else is relative to.
Result<UniqueFd> open_dir(const std::string& path);

// Makes `path` and its missing parents with `mode`, whatever the umask says. Existing directories stay as they are.
Status make_dirs(const std::string& path, mode_t mode);

// mkdirat() with an exact mode. Existing is success and leaves its mode alone.
Status make_dir_at(int parent, const std::string& name, mode_t mode);

// The names in the directory `dir`, without "." and "..", sorted. kResourceExhausted above `limit`.
Result<std::vector<std::string>> read_names(int dir, size_t limit = 4'000'000);

// Deletes `name` in `parent` with everything below it. Never follows a link, never enters another mount (EXDEV), and
// holds a bounded number of descriptors however deep the tree is. Gone already is success.
Status remove_tree(int parent, const std::string& name);

// Deletes what is in the directory `dir` and keeps the directory.
Status remove_contents(int dir);

// Writes `text` as `name` in `dir`, mode 0600: under a temporary name, then renamed. A crash of the process leaves the
// old file or the new one; whoever needs it to survive a power cut syncs the directory tree.
Status write_file_at(int dir, const std::string& name, const std::string& text);

// All of the regular file `name` in `dir`, at most `limit` bytes.
Result<std::string> read_file_at(int dir, const std::string& name, size_t limit);

}  // namespace slipway::linux_backend
