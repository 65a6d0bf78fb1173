// plugins/windows/src/process/container_run.hpp - a container from create() to destroy(): its system, the
// virtual machine around it if there is one, and its first process.
#pragma once

#include <hcs/limits.hpp>
#include <process/process_session.hpp>
#include <vm/utility_vm.hpp>

namespace slipway::windows_backend {

// Safe on any thread, but for start(), pause(), resume() and end(), which the host serialises.
class ContainerRun {
public:
    // `machine`: null with process isolation.
    ContainerRun(System system, nlohmann::json process, SessionOptions options, std::unique_ptr<UtilityVm> machine);
    // Closing the system's handle ends what is left of it.
    ~ContainerRun();

    // Watches the system. To be called once, before start().
    Status watch();

    // Starts the system, then its first process, which has its own time from when the system runs.
    Status start(const Limits& system, const CallLimits& call, std::chrono::milliseconds process);

    // 9 terminates the system, 15 shuts it down; others go to the first process. Handed over, not waited for until the
    // container has ended. While the machine is paused 9 ends the machine, and others wait until it is resumed.
    //   kNotFound         it has ended
    //   kInvalidArgument  Windows has nothing for this signal
    Status signal(int32_t number);

    // kUnimplemented with process isolation, kConflict when it does not run. As it is already is success.
    Status pause(const Limits& limits);
    Status resume(const Limits& limits);
    bool is_paused() const { return machine_ && machine_->is_paused(); }

    // Ends the system, and then its machine: gracefully when its first process has ended by itself, else at once.
    // Returns when it is gone or the times are over.
    Status end(const Timeouts& timeouts);

    bool is_running() const { return session_.status().state == SLW_PROCESS_RUNNING; }
    ProcessSession& session() { return session_; }
    const System& system() const { return system_; }
    // As it was when the pause began, in the form of System::properties(); null when the guest did not say.
    nlohmann::json statistics_before_pause() const;
    UtilityVm* machine() const { return machine_.get(); }  // null with process isolation

private:
    Status check_pausable() const;
    Status send(int32_t number);
    Status terminate();
    void note_gone(const std::string& why);
    bool wait_stopped(std::chrono::milliseconds limit);
    void handle_event(uint32_t type, const nlohmann::json& data);

    std::unique_ptr<UtilityVm> machine_;
    System system_;
    const nlohmann::json process_;
    ProcessSession session_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    nlohmann::json statistics_;             // guarded by mutex_: before the last pause
    bool started_ = false;                  // guarded by mutex_: the system was asked to start
    bool stopped_ = false;                  // guarded by mutex_: the system is gone
    std::vector<int32_t> waiting_signals_;  // guarded by mutex_: for the end of a pause
};

}  // namespace slipway::windows_backend
