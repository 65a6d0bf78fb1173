#include "child.hpp"
#include "command_split.hpp"

#include <raw/codes.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

extern char** environ;

namespace slipway::simulated_hcs {
namespace {

namespace raw = windows_backend::raw;

raw::Handle handle_of(int fd) {
    return fd < 0 ? raw::kNoHandle : reinterpret_cast<raw::Handle>(static_cast<intptr_t>(fd) + 1);
}

void close_all(std::initializer_list<int> fds) {
    for (const int fd : fds) {
        if (fd >= 0) close(fd);
    }
}

// Both ends close on exec; the child's is duplicated onto its standard stream.
struct Ends {
    int here = -1, there = -1;

    // A socket, so that end of file can be sent whoever holds the end here.
    void open_input(bool wanted) {
        int pair[2];
        if (!wanted || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
            there = open("/dev/null", O_RDONLY | O_CLOEXEC);
            return;
        }
        here = pair[0];
        there = pair[1];
    }
    void open_output(bool wanted) {
        int pair[2];
        if (!wanted || pipe2(pair, O_CLOEXEC) != 0) {
            there = open("/dev/null", O_WRONLY | O_CLOEXEC);
            return;
        }
        here = pair[0];
        there = pair[1];
    }
};

std::vector<std::string> environment_of(const std::map<std::string, std::string>& added) {
    std::vector<std::string> variables;
    for (char** at = environ; *at != nullptr; ++at) {
        const std::string entry = *at;
        if (added.find(entry.substr(0, entry.find('='))) == added.end()) variables.push_back(entry);
    }
    for (const auto& [name, value] : added) variables.push_back(name + "=" + value);
    return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

int spawn(const ChildSpec& spec, const Ends& in, const Ends& out, const Ends& err, pid_t& pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, in.there, 0);
    posix_spawn_file_actions_adddup2(&actions, out.there, 1);
    posix_spawn_file_actions_adddup2(&actions, spec.console ? out.there : err.there, 2);
    sigset_t none, defaults;
    sigemptyset(&none);
    sigfillset(&defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<std::string> command = local_command(spec.command_line), environment = environment_of(spec.environment);
    const int failure = command.empty() ? ENOENT
                                        : posix_spawnp(&pid, command[0].c_str(), &actions, &attributes,
                                                       pointers_to(command).data(), pointers_to(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

class PosixChild final : public Child {
public:
    PosixChild(pid_t pid, const Ends& in, const Ends& out, const Ends& err, OnExit on_exit)
        : pid_(pid),
          stdin_here_(in.here < 0 ? -1 : fcntl(in.here, F_DUPFD_CLOEXEC, 3)),
          pipes_{id(), 0, handle_of(in.here), handle_of(out.here), handle_of(err.here)},
          watcher_([this, on_exit = std::move(on_exit)] { watch(on_exit); }) {}

    ~PosixChild() override {
        terminate();
        watcher_.join();
        close_all({stdin_here_});
        close_pipes(take_pipes());
    }

    uint32_t id() const override { return static_cast<uint32_t>(pid_); }

    raw::ProcessInformation take_pipes() override {
        const std::lock_guard lock(mutex_);
        return std::exchange(pipes_, {id(), 0, raw::kNoHandle, raw::kNoHandle, raw::kNoHandle});
    }

    void close_stdin() override {
        if (stdin_here_ >= 0) shutdown(stdin_here_, SHUT_WR);
    }

    void interrupt() override {
        const std::lock_guard lock(mutex_);
        signal_group(SIGTERM);
    }

    void terminate() override {
        const std::lock_guard lock(mutex_);
        terminated_ = true;
        signal_group(SIGKILL);
    }

    void hold(bool still) override {
        const std::lock_guard lock(mutex_);
        signal_group(still ? SIGSTOP : SIGCONT);
    }

private:
    void watch(const OnExit& on_exit) {
        siginfo_t info{};
        while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
        }
        uint32_t code = 0;
        {
            const std::lock_guard lock(mutex_);
            reaped_ = true;
            code = info.si_code == CLD_EXITED ? static_cast<uint32_t>(info.si_status)
                   : terminated_              ? 1067U
                                              : 0xC000013AU;
            waitpid(pid_, nullptr, 0);
        }
        on_exit(code);
    }

    void signal_group(int number) {
        if (!reaped_) kill(-pid_, number);
    }

    const pid_t pid_;
    const int stdin_here_;  // a duplicate of the caller's end
    std::mutex mutex_;      // guards what follows
    raw::ProcessInformation pipes_;
    bool reaped_ = false;  // the pid may be another's by now
    bool terminated_ = false;
    std::thread watcher_;  // last: it uses the others
};

}  // namespace

std::unique_ptr<Child> Child::start(const ChildSpec& spec, OnExit on_exit, raw::Hresult& result) {
    Ends in, out, err;
    in.open_input(spec.in);
    out.open_output(spec.out);
    err.open_output(spec.err);
    pid_t pid = -1;
    const int failure = spawn(spec, in, out, err, pid);
    close_all({in.there, out.there, err.there});
    if (failure != 0) {
        close_all({in.here, out.here, err.here});
        result = failure == EACCES ? raw::kAccessDenied : failure == ENOMEM ? raw::kOutOfMemory : raw::kFileNotFound;
        return nullptr;
    }
    result = raw::kOk;
    return std::make_unique<PosixChild>(pid, in, out, err, std::move(on_exit));
}

void Child::close_pipes(const raw::ProcessInformation& pipes) {
    for (const raw::Handle handle : {pipes.std_input, pipes.std_output, pipes.std_error}) {
        if (handle != nullptr && handle != raw::kNoHandle)
            close(static_cast<int>(reinterpret_cast<intptr_t>(handle) - 1));
    }
}

}  // namespace slipway::simulated_hcs
