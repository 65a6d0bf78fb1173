// plugins/windows/src/process/container_run.hpp - a container from create() to destroy(): its system and first process.
#pragma once

#include <hcs/limits.hpp>
#include <process/process_session.hpp>

namespace slipway::windows_backend {

// Safe on any thread, but for start() and end(), which the host serialises.
class ContainerRun {
public:
    ContainerRun(System system, nlohmann::json process, SessionOptions options);
    // Closing the system's handle ends what is left of it.
    ~ContainerRun();

    // Watches the system. To be called once, before start().
    Status watch();

    // Starts the system, then its first process.
    Status start(const Limits& system, const Limits& process);

    // 9 terminates the system, 15 shuts it down; others go to the first process.
    Status signal(int32_t number, const Limits& limits);

    // Ends the system: gracefully when its first process has ended by itself, else at once. Returns when it is gone or
    // the times are over.
    Status end(const Timeouts& timeouts);

    bool is_running() const { return session_.status().state == SLW_PROCESS_RUNNING; }
    ProcessSession& session() { return session_; }
    const System& system() const { return system_; }

private:
    bool wait_stopped(std::chrono::milliseconds limit);
    void handle_event(uint32_t type, const nlohmann::json& data);

    System system_;
    const nlohmann::json process_;
    ProcessSession session_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool started_ = false;  // guarded by mutex_: the system was asked to start
    bool stopped_ = false;  // guarded by mutex_: the system is gone
};

}  // namespace slipway::windows_backend
