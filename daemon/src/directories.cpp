#include "directories.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>

namespace slipway::daemon {
namespace {

namespace fs = std::filesystem;

Status make_directory(const fs::path& path, mode_t mode) {
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

std::string read_pid(int fd) {
    std::array<char, 32> text{};
    const ssize_t got = ::pread(fd, text.data(), text.size() - 1, 0);
    std::string out(text.data(), got > 0 ? static_cast<size_t>(got) : 0);
    out.erase(out.find_last_not_of(" \n") + 1);
    return out;
}

// The lock is the kernel's, so a daemon that was killed leaves none behind; the pid in the file is for the message.
Result<UniqueFd> lock_directory(const fs::path& directory, const char* what) {
    const fs::path file = directory / "slipwayd.lock";
    UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return Error::from_errno(errno, "open '" + file.string() + "'");
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        const int err = errno;
        if (err != EWOULDBLOCK) return Error::from_errno(err, "lock '" + file.string() + "'");
        const std::string pid = read_pid(fd.get());
        return Error(ErrorCode::kConflict, std::string("the ") + what + " '" + directory.string() +
                                               "' is in use by another slipwayd" +
                                               (pid.empty() ? "" : ", process " + pid))
            .with_resource(directory.string());
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) {
        return Error::from_errno(errno, "write '" + file.string() + "'");
    }
    return fd;
}

bool is_living_daemon(const std::string& pid) {
    if (pid.empty() || pid.find_first_not_of("0123456789") != std::string::npos) return false;
    if (pid == std::to_string(::getpid())) return false;  // in a fresh pid namespace pids repeat
    std::ifstream comm("/proc/" + pid + "/comm");
    std::string name;
    return std::getline(comm, name) && name == "slipwayd";
}

}  // namespace

void FdTraits::close(Type fd) noexcept {
    ::close(fd);
}

Result<Directories> prepare_directories(const DaemonOptions& options) {
    const std::array<std::pair<fs::path, mode_t>, 4> wanted{{{options.data_root, 0710},
                                                             {options.data_root / "backends", 0700},
                                                             {options.exec_root, 0711},
                                                             {options.exec_root / "backends", 0700}}};
    for (const auto& [path, mode] : wanted) {
        if (Status made = make_directory(path, mode); !made) return std::move(made).error();
    }
    Directories out;
    Result<UniqueFd> data = lock_directory(options.data_root, "data root");
    if (!data) return std::move(data).error();
    Result<UniqueFd> exec = lock_directory(options.exec_root, "exec root");
    if (!exec) return std::move(exec).error();
    out.data_lock = std::move(*data);
    out.exec_lock = std::move(*exec);
    return out;
}

Result<PidFile> PidFile::write(const std::string& path) {
    if (path.empty()) return PidFile(path);
    {
        std::ifstream old(path);
        std::string pid;
        if (std::getline(old, pid) && is_living_daemon(pid)) {
            return Error(ErrorCode::kConflict, "pid file '" + path + "' belongs to slipwayd, process " + pid)
                .with_resource(path);
        }
    }
    const fs::path parent = fs::path(path).parent_path();
    std::error_code ignored;  // the write below reports what matters
    fs::create_directories(parent, ignored);
    const std::string temporary = path + ".new";
    const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    const std::string text = std::to_string(::getpid()) + "\n";
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::rename(temporary.c_str(), path.c_str()) != 0) {
        return Error::from_errno(errno, "write pid file '" + path + "'");
    }
    return PidFile(path);
}

PidFile::~PidFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
}

std::string instance_of(const fs::path& exec_root) {
    // FNV-1a. Kernel object names carry it, so it must never change for a given path.
    uint32_t hash = 2166136261U;
    for (const char c : exec_root.string()) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    std::array<char, 9> text;
    std::snprintf(text.data(), text.size(), "%08x", hash);
    return text.data();
}

}  // namespace slipway::daemon
