#include <spec/root_file.hpp>
#include <sys/dir.hpp>
#include <sys/kernel_files.hpp>
#include <sys/unique_fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::linux_backend {

namespace {

Error refused(const char* path, const char* why) {
    return Error(ErrorCode::kInvalidArgument, "'" + std::string(path) + "' of the container " + why)
        .with_operation("look up user")
        .with_resource(path);
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
        if (content.size() > limit) return refused(path, "is too large");
    }
}

}  // namespace

Result<std::optional<std::string>> read_root_file(int root_fd, const char* path, size_t limit) {
    // O_PATH first: opening a device or a FIFO for reading can have effects, finding it cannot.
    const UniqueFd found{try_open_below(root_fd, path, O_PATH, Links::kInRoot, 0, Mounts::kCross)};
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
    if (!S_ISREG(info.st_mode)) return refused(path, "is not a regular file");
    // A regular file by its type only, and reading /proc/kmsg waits until the kernel has something to say.
    if (is_kernel_file_system(found.get())) return refused(path, "leads to a file of the kernel");

    const std::string self = "/proc/self/fd/" + std::to_string(found.get());
    const UniqueFd file{::open(self.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    if (!file) return Error::from_errno(errno, "open '" + std::string(path) + "' of the container").with_resource(path);
    Result<std::string> content = read_at_most(file.get(), path, limit);
    if (!content) return std::move(content).error();
    return std::optional<std::string>(std::move(*content));
}

}  // namespace slipway::linux_backend
