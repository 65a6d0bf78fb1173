#include <process/base_namespace.hpp>

#include <sys/spawn.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::linux_backend {
namespace {

constexpr int kHelperTimeoutMs = 10'000;

// The helper's one byte: 0 or errno.
int read_answer(int sock) {
    pollfd wait{};
    wait.fd = sock;
    wait.events = POLLIN;
    unsigned char answer = 0;
    if (poll(&wait, 1, kHelperTimeoutMs) != 1) return ETIMEDOUT;
    return recv(sock, &answer, 1, 0) == 1 ? answer : EPIPE;
}

}  // namespace

Result<int> BaseNamespace::get() {
    const std::lock_guard lock(mutex_);
    if (!fd_) {
        Result<UniqueFd> made = make();
        if (!made) return std::move(made).error().context("base mount name space");
        fd_ = std::move(*made);
    }
    return fd_.get();
}

Result<UniqueFd> BaseNamespace::make() {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return Error::from_errno(errno, "socketpair");
    UniqueFd ours{pair[0]}, theirs{pair[1]};
    const Result<std::string> program = supervisor_.path();
    if (!program) return program.error();
    const Result<pid_t> pid = spawn_with_control(*program, "--base", theirs.get());
    if (!pid) return pid.error();
    theirs.reset();

    const int answer = read_answer(ours.get());
    UniqueFd fd;
    int err = answer;
    if (answer == 0) {
        const std::string path = "/proc/" + std::to_string(*pid) + "/ns/mnt";
        fd.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC));
        err = errno;
    }
    ours.reset();  // lets the helper go
    if (!fd) kill(*pid, SIGKILL);
    while (waitpid(*pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (!fd) return Error::from_errno(err, "set up");
    return fd;
}

}  // namespace slipway::linux_backend
