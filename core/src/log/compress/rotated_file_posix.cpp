#include "log/compress/rotated_file.hpp"
#include "log/log_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace slipway::core {

namespace {

constexpr size_t kChunk = size_t{256} << 10;

// A descriptor for the length of a function.
struct Descriptor {
    int fd;
    explicit Descriptor(int opened) : fd(opened) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
};

int descriptor(slw_os_handle handle) {
    return static_cast<int>(handle);
}

Error failed(const char* operation, const std::filesystem::path& path) {
    const int err = errno;
    Error error = Error::from_errno(err, std::string(operation) + " '" + path.string() + "'");
    return err == ENOENT ? std::move(error).with_code(ErrorCode::kNotFound) : error;
}

Status sync_file(const std::filesystem::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.fd < 0 || ::fsync(file.fd) != 0) return failed("sync", path);
    return ok();
}

}  // namespace

Result<RotatedFile> RotatedFile::open(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return failed("open", path);
    return RotatedFile(fd);
}

RotatedFile::RotatedFile(RotatedFile&& other) noexcept : handle_(std::exchange(other.handle_, SLW_NO_HANDLE)) {}

RotatedFile::~RotatedFile() {
    if (handle_ != SLW_NO_HANDLE) ::close(descriptor(handle_));
}

Status RotatedFile::read(const std::function<bool(std::string_view)>& piece) const {
    std::vector<char> chunk(kChunk);
    for (off_t at = 0;;) {
        const ssize_t got = ::pread(descriptor(handle_), chunk.data(), chunk.size(), at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error::from_errno(errno, "read a rotated log");
        if (got == 0) return ok();
        at += got;
        if (!piece({chunk.data(), static_cast<size_t>(got)})) return Error(ErrorCode::kCancelled, "stopped");
    }
}

Status RotatedFile::replace(const std::filesystem::path& log, const std::filesystem::path& compressed) const {
    struct stat mine {};
    if (::fstat(descriptor(handle_), &mine) != 0) return failed("stat", log);
    if (Status synced = sync_file(compressed); !synced) return synced;
    const Descriptor directory(::open(log.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Held for two renames; a writer that finds it taken goes on writing and rotates a little later.
    if (directory.fd < 0 || ::flock(directory.fd, LOCK_EX) != 0) return failed("lock", log.parent_path());
    for (unsigned number = 1; number <= kMostLogFiles; ++number) {
        const std::filesystem::path name = numbered_log(log, number);
        struct stat there {};
        if (::lstat(name.c_str(), &there) != 0 || there.st_ino != mine.st_ino || there.st_dev != mine.st_dev) continue;
        const std::filesystem::path packed = packed_log(name);
        if (::rename(compressed.c_str(), packed.c_str()) != 0) return failed("rename", compressed);
        // On disk before the other goes.
        if (::fsync(directory.fd) != 0) return failed("sync", log.parent_path());
        if (::unlink(name.c_str()) != 0) return failed("remove", name);
        return ok();
    }
    return Error(ErrorCode::kNotFound, "rotated away");
}

}  // namespace slipway::core
