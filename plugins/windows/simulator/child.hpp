// plugins/windows/simulator/child.hpp - a process of this machine that plays one of a container.
#pragma once

#include <raw/types.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace slipway::simulated_hcs {

struct ChildSpec {
    std::vector<std::string> command;
    std::map<std::string, std::string> environment;  // added to this process's own
    bool in = false, out = false, err = false;       // which pipes; the others lead nowhere
    bool console = false;                            // stderr goes where stdout goes
};

// Exit codes as Windows has them: of the program, 0xC000013A after a control signal, 1067 after a termination.
class Child {
public:
    using OnExit = std::function<void(uint32_t exit_code)>;

    // kFileNotFound or kAccessDenied in `result` and null when the command cannot run. `on_exit` is called once, on a
    // thread of the child's own, perhaps before this returns.
    static std::unique_ptr<Child> start(const ChildSpec& spec, OnExit on_exit, windows_backend::raw::Hresult& result);
    // The process has ended, or is killed.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    uint32_t id() const { return static_cast<uint32_t>(pid_); }
    // The ends for the caller, who owns them from the first call on; kNoHandle for those not asked for.
    windows_backend::raw::ProcessInformation take_pipes();
    // For ends that nobody came for.
    static void close_pipes(const windows_backend::raw::ProcessInformation& pipes);
    // The process reads end of file from now on, whoever holds the pipe's other end.
    void close_stdin();
    // As a control event does: a process may ignore it.
    void interrupt();
    // Ends it and all its children.
    void terminate();

private:
    Child() = default;
    void watch(const OnExit& on_exit);
    void signal_group(int number);

    int pid_ = -1;
    int stdin_here_ = -1;  // a duplicate of the caller's end
    windows_backend::raw::ProcessInformation pipes_;
    std::thread watcher_;
    std::mutex mutex_;
    bool reaped_ = false;      // guarded by mutex_: the pid may be another's by now
    bool terminated_ = false;  // guarded by mutex_
};

}  // namespace slipway::simulated_hcs
