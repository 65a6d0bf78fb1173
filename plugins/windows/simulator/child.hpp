// plugins/windows/simulator/child.hpp - a process of this machine that plays one of a container.
#pragma once

#include <raw/types.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace slipway::simulated_hcs {

struct ChildSpec {
    std::string command_line;                        // as Windows takes it
    std::map<std::string, std::string> environment;  // added to this process's own
    bool in = false, out = false, err = false;       // which pipes; the others lead nowhere
    bool console = false;                            // stderr goes where stdout goes
};

// Exit codes as Windows has them: of the program, 0xC000013A after a control signal, 1067 after a termination.
// For any thread. When it is destroyed the process has ended or is killed.
class Child {
public:
    using OnExit = std::function<void(uint32_t exit_code)>;

    // kFileNotFound or kAccessDenied in `result` and null when the command cannot run. `on_exit` is called once, on a
    // thread of the child's own, perhaps before this returns.
    static std::unique_ptr<Child> start(const ChildSpec& spec, OnExit on_exit, windows_backend::raw::Hresult& result);
    // For ends that nobody came for.
    static void close_pipes(const windows_backend::raw::ProcessInformation& pipes);

    virtual ~Child() = default;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    virtual uint32_t id() const = 0;
    // The ends for the caller, who owns them from the first call on; kNoHandle for those not asked for.
    virtual windows_backend::raw::ProcessInformation take_pipes() = 0;
    // The process reads end of file from now on, whoever holds the pipe's other end.
    virtual void close_stdin() = 0;
    // As a control event does. On POSIX a process may ignore it; on Windows, where control events need a console that
    // both share, it ends the process at once.
    virtual void interrupt() = 0;
    // Ends it and all its children.
    virtual void terminate() = 0;
    // It and its children stand still, or go on; on Windows, it alone.
    virtual void hold(bool still) = 0;

protected:
    Child() = default;
};

}  // namespace slipway::simulated_hcs
