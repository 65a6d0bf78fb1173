#include <support/process.hpp>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

extern char** environ;

namespace slipway::testing {
namespace {

using Clock = std::chrono::steady_clock;

// argv or envp for exec: pointers into strings that the caller keeps alive.
std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (const std::string& s : strings) result.push_back(const_cast<char*>(s.c_str()));
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& extra) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const std::string key = text.substr(0, text.find('=') + 1);
        bool overridden = false;
        for (const std::string& added : extra) overridden = overridden || added.compare(0, key.size(), key) == 0;
        if (!overridden) result.push_back(text);
    }
    result.insert(result.end(), extra.begin(), extra.end());
    return result;
}

int exit_code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::optional<int> wait_for(pid_t pid, std::chrono::milliseconds timeout) {
    const auto end = Clock::now() + timeout;
    for (;;) {
        int status = 0;
        const pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid) return exit_code_of(status);
        if (got < 0 && errno != EINTR) return -1;
        if (Clock::now() >= end) return std::nullopt;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

pid_t spawn(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
            posix_spawn_file_actions_t* actions) {
    const std::vector<std::string> env = merged_environment(environment);
    std::vector<char*> args = pointers(argv);
    std::vector<char*> envp = pointers(env);
    pid_t pid = -1;
    if (posix_spawnp(&pid, args[0], actions, nullptr, args.data(), envp.data()) != 0) return -1;
    return pid;
}

struct Pipe {
    int read_end = -1, write_end = -1;
    Pipe() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) == 0) {
            read_end = ends[0];
            write_end = ends[1];
        }
    }
    ~Pipe() {
        close_read();
        close_write();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void close_read() {
        if (read_end >= 0) close(std::exchange(read_end, -1));
    }
    void close_write() {
        if (write_end >= 0) close(std::exchange(write_end, -1));
    }
};

}  // namespace

RunResult run(const std::vector<std::string>& argv, const RunOptions& options) {
    RunResult result;
    Pipe in, out, err;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.read_end, 0);
    posix_spawn_file_actions_adddup2(&actions, out.write_end, 1);
    posix_spawn_file_actions_adddup2(&actions, err.write_end, 2);
    const pid_t pid = spawn(argv, options.environment, &actions);
    posix_spawn_file_actions_destroy(&actions);
    if (pid < 0) return result;
    in.close_read();
    out.close_write();
    err.close_write();
    fcntl(in.write_end, F_SETFL, O_NONBLOCK);
    signal(SIGPIPE, SIG_IGN);

    size_t written = 0;
    if (options.input.empty()) in.close_write();
    const auto end = Clock::now() + options.timeout;
    while (out.read_end >= 0 || err.read_end >= 0 || in.write_end >= 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0) {
            result.timed_out = true;
            kill(pid, SIGKILL);
            break;
        }
        pollfd fds[3] = {{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}, {in.write_end, POLLOUT, 0}};
        if (poll(fds, 3, static_cast<int>(left)) < 0 && errno != EINTR) break;
        char buffer[65536];
        for (int i = 0; i < 2; ++i) {
            if ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
            Pipe& from = i == 0 ? out : err;
            const ssize_t n = read(from.read_end, buffer, sizeof(buffer));
            if (n > 0) {
                (i == 0 ? result.out : result.err).append(buffer, static_cast<size_t>(n));
            } else {
                from.close_read();
            }
        }
        if ((fds[2].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
            const ssize_t n = write(in.write_end, options.input.data() + written, options.input.size() - written);
            if (n > 0) written += static_cast<size_t>(n);
            if ((n < 0 && errno != EAGAIN) || written == options.input.size()) in.close_write();
        }
    }
    result.exit_code = wait_for(pid, std::chrono::milliseconds(30'000)).value_or(-1);
    return result;
}

Background Background::start(const std::vector<std::string>& argv, const std::string& output,
                             const std::vector<std::string>& environment) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const pid_t pid = spawn(argv, environment, &actions);
    posix_spawn_file_actions_destroy(&actions);
    return Background(pid);
}

Background::Background(Background&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(std::exchange(other.status_, std::nullopt)) {}

Background& Background::operator=(Background&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(status_, other.status_);
    return *this;
}

Background::~Background() {
    if (pid_ < 0 || status_) return;
    signal(SIGKILL);
    wait(std::chrono::milliseconds(10'000));
}

bool Background::running() {
    return pid_ > 0 && !wait(std::chrono::milliseconds(0));
}

void Background::signal(int signum) const {
    if (pid_ > 0 && !status_) kill(pid_, signum);
}

std::optional<int> Background::wait(std::chrono::milliseconds timeout) {
    if (!status_ && pid_ > 0) status_ = wait_for(pid_, timeout);
    return status_;
}

Terminal Terminal::start(const std::vector<std::string>& argv, unsigned short rows, unsigned short cols,
                         const std::vector<std::string>& environment) {
    const std::vector<std::string> env = merged_environment(environment);
    std::vector<char*> args = pointers(argv);
    std::vector<char*> envp = pointers(env);
    winsize size{rows, cols, 0, 0};
    int master = -1;
    const pid_t pid = forkpty(&master, nullptr, nullptr, &size);
    if (pid == 0) {
        execvpe(args[0], args.data(), envp.data());
        _exit(127);
    }
    fcntl(master, F_SETFD, FD_CLOEXEC);
    return Terminal(pid, master);
}

Terminal::Terminal(Terminal&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      master_(std::exchange(other.master_, -1)),
      screen_(std::move(other.screen_)),
      status_(other.status_) {}

Terminal::~Terminal() {
    if (pid_ > 0 && !status_) {
        kill(pid_, SIGKILL);
        wait(std::chrono::milliseconds(10'000));
    }
    if (master_ >= 0) close(master_);
}

void Terminal::type(const std::string& keys) const {
    size_t done = 0;
    while (done < keys.size()) {
        const ssize_t n = write(master_, keys.data() + done, keys.size() - done);
        if (n <= 0) return;
        done += static_cast<size_t>(n);
    }
}

void Terminal::resize(unsigned short rows, unsigned short cols) const {
    winsize size{rows, cols, 0, 0};
    ioctl(master_, TIOCSWINSZ, &size);
}

bool Terminal::expect(const std::string& text, std::chrono::milliseconds timeout) {
    const auto end = Clock::now() + timeout;
    while (screen_.find(text) == std::string::npos) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0) return false;
        pollfd fd{master_, POLLIN, 0};
        if (poll(&fd, 1, static_cast<int>(left)) <= 0) continue;
        char buffer[4096];
        const ssize_t n = read(master_, buffer, sizeof(buffer));
        if (n <= 0) return screen_.find(text) != std::string::npos;  // EIO: the other side has gone
        screen_.append(buffer, static_cast<size_t>(n));
    }
    return true;
}

std::optional<int> Terminal::wait(std::chrono::milliseconds timeout) {
    if (!status_ && pid_ > 0) status_ = wait_for(pid_, timeout);
    return status_;
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

void write_file(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

}  // namespace slipway::testing
