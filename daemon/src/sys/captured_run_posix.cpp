#include "sys/captured_run.hpp"

#include "sys/unique_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <thread>

extern char** environ;

namespace slipway::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxOutput = 64 * 1024;

struct Child {
    pid_t pid = -1;
    UniqueFd output;  // its stdout
    UniqueFd errors;  // its stderr
};

Result<Child> spawn(const std::string& program, std::vector<std::string> arguments) {
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0) return Error::from_errno(errno, "pipe");
    const UniqueFd out_write(out[1]);
    Child process;
    process.output.reset(out[0]);
    if (::pipe2(err.data(), O_CLOEXEC) != 0) return Error::from_errno(errno, "pipe");
    const UniqueFd err_write(err[1]);
    process.errors.reset(err[0]);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out_write.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err_write.get(), STDERR_FILENO);
    // The daemon blocks the signals it waits for; the child must be stoppable.
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

    std::string name = program;
    std::vector<char*> argv{name.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const int failed = ::posix_spawn(&process.pid, program.c_str(), &actions, &attributes, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0) return Error::from_errno(failed, "start '" + program + "'");
    return process;
}

// Collects both outputs until both ends are closed or the time is over. A child that leaves a process behind holding
// them only makes the run last until `deadline`.
void collect(const Child& process, steady_clock::time_point deadline, std::string& output, std::string& errors) {
    std::array<pollfd, 2> entries{pollfd{process.output.get(), POLLIN, 0}, pollfd{process.errors.get(), POLLIN, 0}};
    const std::array<std::string*, 2> sinks{&output, &errors};
    std::array<char, 4096> piece;
    while (entries[0].fd >= 0 || entries[1].fd >= 0) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
        if (left <= 0 || ::poll(entries.data(), entries.size(), static_cast<int>(left)) <= 0) return;
        for (size_t i = 0; i < entries.size(); ++i) {
            if (entries[i].fd < 0 || entries[i].revents == 0) continue;
            const ssize_t got = ::read(entries[i].fd, piece.data(), piece.size());
            if (got <= 0) {
                entries[i].fd = -1;
            } else if (sinks[i]->size() < kMaxOutput) {
                sinks[i]->append(piece.data(), static_cast<size_t>(got));
            }
        }
    }
}

// The wait status, or nullopt when it had to be killed.
std::optional<int> reap(pid_t pid, steady_clock::time_point deadline) {
    int status = 0;
    for (;;) {
        if (::waitpid(pid, &status, WNOHANG) == pid) return status;
        if (steady_clock::now() >= deadline) break;
        std::this_thread::sleep_for(milliseconds(2));
    }
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
    return std::nullopt;
}

}  // namespace

Result<CapturedRun> run_captured(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                                 milliseconds limit) {
    const auto deadline = steady_clock::now() + limit;
    Result<Child> child = spawn(program.string(), arguments);
    if (!child) return std::move(child).error();
    CapturedRun run;
    collect(*child, deadline, run.output, run.errors);
    const std::optional<int> status = reap(child->pid, deadline);
    run.in_time = status.has_value();
    if (status && WIFSIGNALED(*status)) {
        const int number = WTERMSIG(*status);
        const char* name = ::sigabbrev_np(number);
        run.crash = "SIG" + (name != nullptr ? std::string(name) : std::to_string(number));
    } else if (status) {
        run.exit_code = WEXITSTATUS(*status);
    }
    return run;
}

void forgo_crash_reports() {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
}

}  // namespace slipway::daemon
