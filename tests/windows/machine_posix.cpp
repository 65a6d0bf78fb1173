#include "machine.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

Connection::Connection() {
    int pair[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
        here_ = pair[0];
        there_ = pair[1];
    }
}

Connection::~Connection() {
    ::close(static_cast<int>(here_));
    if (there_ >= 0) ::close(static_cast<int>(there_));
}

void Connection::send(const std::string& bytes) const {
    (void)!::write(static_cast<int>(here_), bytes.data(), bytes.size());
}

void Connection::end_writing() const {
    shutdown(static_cast<int>(here_), SHUT_WR);
}

std::string Connection::read_all(std::chrono::milliseconds limit) const {
    std::string text;
    const auto end = std::chrono::steady_clock::now() + limit;
    char buffer[4096];
    while (std::chrono::steady_clock::now() < end) {
        pollfd wanted{static_cast<int>(here_), POLLIN, 0};
        if (poll(&wanted, 1, 20) <= 0) continue;
        const ssize_t got = read(static_cast<int>(here_), buffer, sizeof(buffer));
        if (got <= 0) return text;
        text.append(buffer, static_cast<size_t>(got));
    }
    return text + "<no end of file>";
}

LastingFile::LastingFile(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0644)) {
    int flags = FS_IMMUTABLE_FL;
    works_ = ioctl(static_cast<int>(file_), FS_IOC_SETFLAGS, &flags) == 0;
}

LastingFile::~LastingFile() {
    int flags = 0;
    ioctl(static_cast<int>(file_), FS_IOC_SETFLAGS, &flags);
    ::close(static_cast<int>(file_));
}

std::string new_directory() {
    std::string pattern = (fs::temp_directory_path() / "slipway-windows-XXXXXX").string();
    return mkdtemp(pattern.data()) == nullptr ? std::string() : pattern;
}

std::vector<std::string> does(const std::vector<std::string>& steps) {
    const fs::path own = fs::read_symlink("/proc/self/exe");
    std::vector<std::string> command = {(own.parent_path() / "slipway-test-command").string()};
    command.insert(command.end(), steps.begin(), steps.end());
    return command;
}

}  // namespace slipway::windows_backend
