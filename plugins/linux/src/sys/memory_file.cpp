#include <sys/memory_file.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::linux_backend {

Result<UniqueFd> make_memory_file(const char* name, const std::vector<uint8_t>& bytes) {
    UniqueFd file{memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!file) return Error::from_errno(errno, "memfd_create");
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t wrote = write(file.get(), bytes.data() + done, bytes.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return Error::from_errno(errno, "write memory file");
        done += static_cast<size_t>(wrote);
    }
    if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
        return Error::from_errno(errno, "seal memory file");
    }
    return file;
}

}  // namespace slipway::linux_backend
