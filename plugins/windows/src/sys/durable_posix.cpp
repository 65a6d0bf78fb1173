#include <sys/durable.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::windows_backend {

Status sync_tree(const std::filesystem::path& folder) {
    const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return Error::from_errno(errno, "open '" + folder.string() + "'");
    const int failure = syncfs(fd) == 0 ? 0 : errno;
    close(fd);
    if (failure != 0) return Error::from_errno(failure, "syncfs '" + folder.string() + "'");
    return ok();
}

Status sync_file(const std::filesystem::path& path) {
    return sync_tree(path.parent_path());
}

}  // namespace slipway::windows_backend
