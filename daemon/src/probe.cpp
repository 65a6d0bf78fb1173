#include "probe.hpp"

#include "directories.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <iostream>
#include <string_view>
#include <thread>

extern char** environ;

namespace slipway::daemon {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The last word of a probe that came to its end.
constexpr std::string_view kProbeFinished = "probe finished";

constexpr size_t kMaxOutput = 64 * 1024;

struct ProbeProcess {
    pid_t pid = -1;
    UniqueFd output;  // its stdout
    UniqueFd errors;  // its stderr
};

Result<ProbeProcess> spawn_probe(const std::string& program, const std::string& library) {
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0) return Error::from_errno(errno, "pipe");
    const UniqueFd out_write(out[1]);
    ProbeProcess process;
    process.output.reset(out[0]);
    if (::pipe2(err.data(), O_CLOEXEC) != 0) return Error::from_errno(errno, "pipe");
    const UniqueFd err_write(err[1]);
    process.errors.reset(err[0]);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out_write.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err_write.get(), STDERR_FILENO);
    // The daemon blocks the signals it waits for; a probe must be stoppable.
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

    std::string name = program;
    std::string option = "--probe-plugin";
    std::string file = library;
    std::array<char*, 4> argv{name.data(), option.data(), file.data(), nullptr};
    const int failed = ::posix_spawn(&process.pid, program.c_str(), &actions, &attributes, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0) return Error::from_errno(failed, "start a probe for '" + library + "'");
    return process;
}

// Collects both outputs until both ends are closed or the time is over. A plugin that leaves a process behind holding
// them only makes the probe last until `deadline`.
void collect(const ProbeProcess& process, steady_clock::time_point deadline, std::string& output, std::string& errors) {
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

std::string last_line(std::string text) {
    text.erase(text.find_last_not_of(" \r\n") + 1);
    const size_t start = text.rfind('\n');
    return start == std::string::npos ? text : text.substr(start + 1);
}

Status judge(std::optional<int> status, const std::string& output, const std::string& errors, milliseconds limit) {
    const std::string said = last_line(errors).empty() ? "" : " (it said: " + last_line(errors) + ")";
    if (!status) {
        return Error(ErrorCode::kUnavailable,
                     "loading it did not finish within " + std::to_string(limit.count()) + " ms" + said);
    }
    if (WIFSIGNALED(*status)) {
        const int number = WTERMSIG(*status);
        const char* name = ::sigabbrev_np(number);
        return Error(ErrorCode::kUnavailable,
                     "loading it crashed with SIG" + (name ? std::string(name) : std::to_string(number)) + said);
    }
    if (WEXITSTATUS(*status) == 0) {
        // The status alone would not do: a plugin that calls exit(0) in its init would end the daemon the same way.
        if (last_line(output) == kProbeFinished) return ok();
        return Error(ErrorCode::kUnavailable, "loading it ended the process" + said);
    }
    const json reply = json::parse(output, nullptr, false);
    if (reply.is_object() && reply.contains("message") && reply["message"].is_string()) {
        return Error(error_code_from(reply.value("code", SLW_ERR_INTERNAL)), reply["message"].get<std::string>());
    }
    return Error(ErrorCode::kUnavailable,
                 "loading it ended with exit code " + std::to_string(WEXITSTATUS(*status)) + said);
}

}  // namespace

core::PluginProbe make_probe(std::filesystem::path program, milliseconds limit) {
    return [program = std::move(program), limit](const std::filesystem::path& library) -> Status {
        const auto deadline = steady_clock::now() + limit;
        Result<ProbeProcess> process = spawn_probe(program.string(), library.string());
        if (!process) return std::move(process).error();
        std::string output;
        std::string errors;
        collect(*process, deadline, output, errors);
        return judge(reap(process->pid, deadline), output, errors, limit);
    };
}

int run_probe(const std::string& library) {
    // A crash is an answer; a core file of it is not wanted.
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const Status probed = core::probe_plugin(library);
    if (probed) {
        std::cout << kProbeFinished << std::endl;
        return 0;
    }
    const json reply{{"code", static_cast<slw_status>(probed.error().code())}, {"message", probed.error().message()}};
    std::cout << reply.dump(-1, ' ', true, json::error_handler_t::replace) << std::endl;
    return 1;
}

}  // namespace slipway::daemon
