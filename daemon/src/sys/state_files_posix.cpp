#include "sys/state_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>

namespace slipway::daemon {
namespace {

namespace fs = std::filesystem;

std::string read_pid(int fd) {
    std::array<char, 32> text{};
    const ssize_t got = ::pread(fd, text.data(), text.size() - 1, 0);
    std::string out(text.data(), got > 0 ? static_cast<size_t>(got) : 0);
    out.erase(out.find_last_not_of(" \n") + 1);
    return out;
}

}  // namespace

void OsHandleTraits::close(Type handle) noexcept {
    ::close(static_cast<int>(handle));
}

Status make_state_directory(const fs::path& path, unsigned mode) {
    std::error_code failure;
    fs::create_directories(path.parent_path(), failure);  // parents keep the usual 0755
    if (failure) return Error(ErrorCode::kSystem, "make '" + path.parent_path().string() + "': " + failure.message());
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
        return Error::from_errno(errno, "make '" + path.string() + "'");
    }
    // Also tightens a directory that an older or careless hand made wider.
    if (::chmod(path.c_str(), mode) != 0) return Error::from_errno(errno, "chmod '" + path.string() + "'");
    return ok();
}

Status check_owner(const fs::path&) {
    return ok();
}

Result<LockedFile> lock_file(const fs::path& file) {
    LockedFile out;
    out.handle.reset(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!out.handle) return Error::from_errno(errno, "open '" + file.string() + "'");
    const int fd = static_cast<int>(out.handle.get());
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int err = errno;
        if (err != EWOULDBLOCK) return Error::from_errno(err, "lock '" + file.string() + "'");
        out.holder = read_pid(fd);
        out.handle.reset();
        return out;
    }
    const std::string pid = own_pid() + "\n";
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
        return Error::from_errno(errno, "write '" + file.string() + "'");
    }
    return out;
}

std::string own_pid() {
    return std::to_string(::getpid());
}

bool is_living_daemon(const std::string& pid) {
    if (pid.empty() || pid.find_first_not_of("0123456789") != std::string::npos) return false;
    if (pid == own_pid()) return false;  // in a fresh pid namespace pids repeat
    std::ifstream comm("/proc/" + pid + "/comm");
    std::string name;
    return std::getline(comm, name) && name == "slipwayd";
}

}  // namespace slipway::daemon
