#include <sys/pidfd.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace slipway::linux_backend {

uint64_t process_start_time(pid_t pid) {
    char path[32];
    std::snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    const UniqueFd file{open(path, O_RDONLY | O_CLOEXEC)};
    char text[1024];
    const ssize_t got = file ? read(file.get(), text, sizeof(text) - 1) : -1;
    if (got <= 0) return 0;
    text[got] = '\0';
    // The name in parentheses may hold anything; fields are counted from the last one. starttime is field 22.
    const char* at = std::strrchr(text, ')');
    for (int field = 2; at != nullptr && field < 22; ++field) {
        at = std::strchr(at + 1, ' ');
    }
    return at == nullptr ? 0 : std::strtoull(at, nullptr, 10);
}

UniqueFd open_pidfd(pid_t pid, uint64_t start_time) {
    UniqueFd fd{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))};
    // In this order: once the descriptor is there the pid cannot be given away unnoticed.
    if (fd && (start_time == 0 || process_start_time(pid) != start_time)) fd.reset();
    return fd;
}

bool wait_for_end(int pidfd, int timeout_ms) {
    pollfd wait{};
    wait.fd = pidfd;
    wait.events = POLLIN;
    return poll(&wait, 1, timeout_ms) == 1;
}

bool has_ended(int pidfd) {
    return wait_for_end(pidfd, 0);
}

int send_signal(int pidfd, int signum) {
    return syscall(SYS_pidfd_send_signal, pidfd, signum, nullptr, 0) == 0 ? 0 : errno;
}

void reap(int pidfd) {
    siginfo_t info{};
    (void)waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG);
}

}  // namespace slipway::linux_backend
