#include <sys/dir.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace slipway::linux_backend {

int try_open_below(int root, const char* path, uint64_t flags, Links links, mode_t mode, Mounts mounts) noexcept {
    open_how how{};
    how.flags = flags | O_CLOEXEC;
    how.mode = mode;
    how.resolve = RESOLVE_NO_MAGICLINKS | (mounts == Mounts::kRefuse ? RESOLVE_NO_XDEV : 0U) |
                  (links == Links::kInRoot ? RESOLVE_IN_ROOT : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    // EAGAIN: a rename or mount anywhere on the machine raced with a ".." on the way; the kernel asks to try again.
    for (int attempt = 0;; ++attempt) {
        const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof(how));
        if (fd >= 0 || errno != EAGAIN || attempt == 64) return static_cast<int>(fd);
    }
}

Result<UniqueFd> open_below(int root, const std::string& path, int flags, Links links, mode_t mode) {
    UniqueFd fd(try_open_below(root, path.c_str(), static_cast<uint64_t>(flags), links, mode));
    if (!fd) {
        const int err = errno;
        return Error::from_errno(err, "open '" + path + "'").with_operation("openat2").with_resource(path);
    }
    return fd;
}

Result<UniqueFd> open_dir(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return Error::from_errno(err, "open '" + path + "'").with_operation("open").with_resource(path);
    }
    return fd;
}

Status make_dir_at(int parent, const std::string& name, mode_t mode) {
    if (::mkdirat(parent, name.c_str(), mode) != 0) {
        const int err = errno;
        if (err == EEXIST) return ok();
        return Error::from_errno(err, "mkdir '" + name + "'").with_operation("mkdir").with_resource(name);
    }
    // mkdirat() subtracts the umask, which a daemon keeps at 077.
    if (::fchmodat(parent, name.c_str(), mode, 0) != 0) {
        const int err = errno;
        return Error::from_errno(err, "chmod '" + name + "'").with_operation("chmod").with_resource(name);
    }
    return ok();
}

Status make_dirs(const std::string& path, mode_t mode) {
    for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string prefix = path.substr(0, end);
        if (!prefix.empty() && prefix.back() != '/') {
            if (Status made = make_dir_at(AT_FDCWD, prefix, mode); !made) return made;
        }
        if (end == std::string::npos) return ok();
    }
}

Result<std::vector<std::string>> read_names(int dir, size_t limit) {
    // An own descriptor: fdopendir() takes it over, and its position is not shared with the caller's.
    UniqueFd own(::openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!own) return Error::from_errno(errno, "open directory").with_operation("openat");
    struct CloseDir {
        void operator()(DIR* stream) const { ::closedir(stream); }
    };
    std::unique_ptr<DIR, CloseDir> stream(::fdopendir(own.get()));
    if (!stream) return Error::from_errno(errno, "read directory").with_operation("fdopendir");
    static_cast<void>(own.release());

    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(stream.get());
        if (entry == nullptr) break;
        const std::string_view name(entry->d_name);
        if (name == "." || name == "..") continue;
        if (names.size() == limit) {
            return Error(ErrorCode::kResourceExhausted,
                         "a directory has more than " + std::to_string(limit) + " names");
        }
        names.emplace_back(name);
    }
    if (errno != 0) return Error::from_errno(errno, "read directory").with_operation("readdir");
    std::sort(names.begin(), names.end());
    return names;
}

Status write_file_at(int dir, const std::string& name, const std::string& text) {
    const std::string temporary = "." + name + ".new";
    UniqueFd file(
        ::openat(dir, temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file) return Error::from_errno(errno, "create '" + temporary + "'").with_resource(name);
    for (size_t done = 0; done < text.size();) {
        const ssize_t wrote = ::write(file.get(), text.data() + done, text.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return Error::from_errno(errno, "write '" + temporary + "'").with_resource(name);
        done += static_cast<size_t>(wrote);
    }
    if (::renameat(dir, temporary.c_str(), dir, name.c_str()) != 0) {
        return Error::from_errno(errno, "rename to '" + name + "'").with_resource(name);
    }
    return ok();
}

Result<std::string> read_file_at(int dir, const std::string& name, size_t limit) {
    Result<UniqueFd> file = open_below(dir, name, O_RDONLY, Links::kRefuse);
    if (!file) return std::move(file).error();
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t size = ::read(file->get(), buffer, sizeof(buffer));
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return Error::from_errno(errno, "read '" + name + "'").with_resource(name);
        if (size == 0) return text;
        if (text.size() + static_cast<size_t>(size) > limit) {
            return Error(ErrorCode::kDataLoss, "'" + name + "' is larger than " + std::to_string(limit) + " bytes")
                .with_resource(name);
        }
        text.append(buffer, static_cast<size_t>(size));
    }
}

}  // namespace slipway::linux_backend
