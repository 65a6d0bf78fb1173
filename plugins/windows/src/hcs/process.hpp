// plugins/windows/src/hcs/process.hpp - a process in a compute system.
#pragma once

#include <hcs/system.hpp>
#include <sys/stream.hpp>

namespace slipway::windows_backend {

// The ends of a process's standard streams that are ours.
struct ProcessPipes {
    std::unique_ptr<Stream> in, out, err;  // null: not asked for
};

// Owns an HCS_PROCESS handle. Letting go leaves the process as it is.
class Process {
public:
    struct Started;

    // kExecNotFound and kExecDenied when the command cannot run. On failure no pipe is left; a process that starts
    // after the deadline runs until its system ends.
    static Result<Started> start(const System& system, const nlohmann::json& parameters, const Limits& limits);

    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    ~Process();

    Status watch(EventHandler handler);
    Status terminate(const Limits& limits) const;
    // `name`: CtrlC, CtrlBreak, CtrlClose, CtrlLogOff, CtrlShutdown. Some images answer only when the process has
    // ended; after kDeadlineExceeded it may have got the event all the same.
    Status signal(const std::string& name, const Limits& limits) const;
    Status modify(const nlohmann::json& request, const Limits& limits) const;
    // ProcessStatus as the exit event has it.
    Result<nlohmann::json> status(const Limits& limits) const;

    uint32_t id() const { return id_; }

private:
    Process(Api api, std::string object, raw::Handle handle)
        : api_(std::move(api)), object_(std::move(object)), handle_(handle) {}
    void close();

    Api api_;
    std::string object_;  // for messages: the system's id
    raw::Handle handle_ = nullptr;
    uint32_t id_ = 0;
    EventSubscription events_;
};

struct Process::Started {
    Process process;
    ProcessPipes pipes;
};

}  // namespace slipway::windows_backend
