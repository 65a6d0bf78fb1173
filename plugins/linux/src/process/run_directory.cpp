#include <process/run_directory.hpp>

#include <sys/pidfd.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <sstream>

namespace slipway::linux_backend {
namespace {

constexpr char kProcessName[] = "process";
constexpr char kGroupsName[] = "groups";
constexpr const char* kFiles[] = {supervisor::kSocketName, supervisor::kExitRecordName,
                                  supervisor::kExitRecordTemporary, kProcessName, kGroupsName};

// A socket's path may have 107 bytes, a state directory's may be longer: the descriptor's name is always short.
sockaddr_un address_in(int directory) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", directory,
                  supervisor::kSocketName);
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

// What is not read counts as not there, so it is tried again unless it really is not.
std::string read_small(int directory, const char* name) {
    constexpr int kAttempts = 3;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const UniqueFd file{openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
        if (!file && errno == ENOENT) return {};
        std::string all;
        char text[4096];
        ssize_t got = -1;
        while (file && (got = read(file.get(), text, sizeof(text))) > 0) all.append(text, static_cast<size_t>(got));
        if (got == 0) return all;
    }
    return {};
}

bool write_small(int directory, const char* name, const std::string& text) {
    const UniqueFd file{openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    return file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

std::optional<ExitRecord> parse_exit_record(const std::string& text) {
    std::istringstream in(text);
    ExitRecord record;
    int oom = 0;
    if (!(in >> record.exit_code >> oom >> record.started_ns >> record.finished_ns) || text.back() != '\n') return {};
    record.oom_killed = oom != 0;
    return record;
}

RunDirectory::RunDirectory(const std::string& exec_root, const std::string& id)
    : parent_(exec_root + "/supervisors"), path_(parent_ + "/" + id) {}

Result<UniqueFd> RunDirectory::create() const {
    for (const std::string& path : {parent_, path_}) {
        if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Error::from_errno(errno, "mkdir '" + path + "'");
    }
    Result<UniqueFd> directory = open();
    if (directory) {
        for (const char* name : kFiles) unlinkat(directory->get(), name, 0);
    }
    return directory;
}

Result<UniqueFd> RunDirectory::open() const {
    UniqueFd fd{::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
    if (fd) return fd;
    const int err = errno;
    Error error = Error::from_errno(err, "open '" + path_ + "'");
    return err == ENOENT ? std::move(error).with_code(ErrorCode::kNotFound) : std::move(error);
}

Status RunDirectory::remove() const {
    const Result<UniqueFd> directory = open();
    if (!directory) return directory.error().code() == ErrorCode::kNotFound ? Status(ok()) : Status(directory.error());
    for (const char* name : kFiles) {
        if (unlinkat(directory->get(), name, 0) != 0 && errno != ENOENT) {
            return Error::from_errno(errno, "unlink '" + path_ + "/" + name + "'");
        }
    }
    if (rmdir(path_.c_str()) != 0 && errno != ENOENT) return Error::from_errno(errno, "rmdir '" + path_ + "'");
    return ok();
}

Result<UniqueFd> RunDirectory::listen(int directory) {
    UniqueFd sock{socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const sockaddr_un address = address_in(directory);
    if (!sock || bind(sock.get(), generic(address), sizeof(address)) != 0 || ::listen(sock.get(), 8) != 0) {
        return Error::from_errno(errno, "control socket");
    }
    return sock;
}

Result<UniqueFd> RunDirectory::connect(int directory) {
    UniqueFd sock{socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
    const sockaddr_un address = address_in(directory);
    if (sock && ::connect(sock.get(), generic(address), sizeof(address)) == 0) return sock;
    const int err = errno;
    Error error = Error::from_errno(err, "connect to the supervisor");
    return err == ENOENT || err == ECONNREFUSED ? std::move(error).with_code(ErrorCode::kNotFound) : std::move(error);
}

Status RunDirectory::write_process(int directory, pid_t pid) {
    const std::string text = std::to_string(pid) + " " + std::to_string(process_start_time(pid)) + "\n";
    if (!write_small(directory, kProcessName, text)) return Error::from_errno(errno, "write the supervisor's pid");
    return ok();
}

Status RunDirectory::write_groups(int directory, const std::string& text) {
    if (!write_small(directory, kGroupsName, text)) return Error::from_errno(errno, "note the control groups");
    return ok();
}

std::string RunDirectory::read_groups(int directory) {
    return read_small(directory, kGroupsName);
}

UniqueFd RunDirectory::open_process(int directory) {
    std::istringstream in(read_small(directory, kProcessName));
    pid_t pid = 0;
    uint64_t start_time = 0;
    if (!(in >> pid >> start_time) || pid <= 0) return {};
    return open_pidfd(pid, start_time);
}

std::optional<ExitRecord> RunDirectory::read_exit(int directory) {
    const std::string text = read_small(directory, supervisor::kExitRecordName);
    return text.empty() ? std::nullopt : parse_exit_record(text);
}

Result<std::vector<std::string>> RunDirectory::list(const std::string& exec_root) {
    std::vector<std::string> ids;
    const std::string path = exec_root + "/supervisors";
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
    if (!directory && errno == ENOENT) return ids;
    if (!directory) return Error::from_errno(errno, "open '" + path + "'").with_resource(path);
    for (;;) {
        errno = 0;
        const dirent* entry = readdir(directory.get());
        if (entry == nullptr && errno != 0) return Error::from_errno(errno, "read '" + path + "'").with_resource(path);
        if (entry == nullptr) return ids;
        if (entry->d_name[0] != '.') ids.emplace_back(entry->d_name);
    }
}

}  // namespace slipway::linux_backend
