#include <spec/root_file.hpp>
#include <sys/unique_fd.hpp>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::linux_backend {

namespace {

// O_PATH first: opening a device or a FIFO for reading can have effects, finding it cannot.
int find_in_root(int root_fd, const char* path) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    // RESOLVE_IN_ROOT fails with EAGAIN when a rename elsewhere races with "..".
    for (int attempt = 0; attempt < 16; ++attempt) {
        const long fd = ::syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
        if (fd >= 0 || errno != EAGAIN) return static_cast<int>(fd);
    }
    return -1;
}

Result<std::string> read_at_most(int fd, const char* path, size_t limit) {
    std::string content;
    char buffer[4096];
    while (true) {
        const ssize_t got = ::read(fd, buffer, sizeof(buffer));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error::from_errno(errno, "read '" + std::string(path) + "'").with_resource(path);
        if (got == 0) return content;
        content.append(buffer, static_cast<size_t>(got));
        if (content.size() > limit) {
            return Error(ErrorCode::kInvalidArgument, "'" + std::string(path) + "' of the container is too large")
                .with_resource(path);
        }
    }
}

}  // namespace

Result<std::optional<std::string>> read_root_file(int root_fd, const char* path, size_t limit) {
    const UniqueFd found{find_in_root(root_fd, path)};
    if (!found) {
        const int err = errno;
        // A chain of links that ends nowhere or in a circle is as good as no file.
        if (err == ENOENT || err == ENOTDIR || err == ELOOP) return std::optional<std::string>();
        return Error::from_errno(err, "open '" + std::string(path) + "' of the container").with_resource(path);
    }

    struct stat info {};
    if (::fstat(found.get(), &info) != 0) {
        return Error::from_errno(errno, "stat '" + std::string(path) + "' of the container").with_resource(path);
    }
    if (!S_ISREG(info.st_mode)) {
        return Error(ErrorCode::kInvalidArgument, "'" + std::string(path) + "' of the container is not a regular file")
            .with_resource(path);
    }

    const std::string self = "/proc/self/fd/" + std::to_string(found.get());
    const UniqueFd file{::open(self.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) return Error::from_errno(errno, "open '" + std::string(path) + "' of the container").with_resource(path);
    Result<std::string> content = read_at_most(file.get(), path, limit);
    if (!content) return std::move(content).error();
    return std::optional<std::string>(std::move(*content));
}

}  // namespace slipway::linux_backend
