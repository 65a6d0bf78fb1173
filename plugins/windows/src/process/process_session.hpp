// plugins/windows/src/process/process_session.hpp - one process from before its start until nobody asks for it any
// more: the first of a container or an exec.
#pragma once

#include <hcs/process.hpp>
#include <process/output_hub.hpp>

#include <slipway/create.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace slipway::windows_backend {

// What became of the process.
struct ProcessEnd {
    uint32_t exit_code = 0;
    bool lost = false;  // HCS would not say; exit_code is 255
    std::string why;    // for lost
    int64_t unix_ns = 0;
};

struct SessionOptions {
    bool tty = false;
    bool open_stdin = false;  // else the process reads end of file
    bool stdin_once = false;  // stdin ends with the first client that had it
    std::unique_ptr<LogWriter> log;
    uint64_t capture_bytes = 0;
    // Runs once on the session's own thread, after the last output reached log, buffer and clients, or 2 s after the
    // end when something still holds the pipes.
    std::function<void(const ProcessEnd&)> on_end;
    // Afterwards clients read end of file: at once, or only after release() or this long.
    std::chrono::milliseconds linger{0};
};

class ProcessSession {
public:
    explicit ProcessSession(SessionOptions options);
    // The process is not ended by it; pipes and clients are let go.
    ~ProcessSession();
    ProcessSession(const ProcessSession&) = delete;
    ProcessSession& operator=(const ProcessSession&) = delete;

    // Once. On failure nothing runs and attached clients read end of file when the session goes.
    Status start(const System& system, const nlohmann::json& parameters, const Limits& limits);

    Status attach(const slw_attach_request& request);
    // 9 terminates; others are sent as control events. Handed over, not waited for until the process has ended.
    //   kNotFound         it has ended
    //   kInvalidArgument  Windows has nothing for this signal
    Status signal(int32_t number);
    static Status check_signal(int32_t number);  // that kInvalidArgument
    // kConflict: no console, or not running.
    Status resize(uint16_t rows, uint16_t columns, const Limits& limits);
    slw_process_status status() const;
    std::string captured() const { return hub_.captured(); }

    // The system ended, was closed or is lost: a process that is not reported within a second is given up.
    void system_gone(const std::string& why);
    // Waits until on_end has run. False when the time is over first.
    bool wait_ended(std::chrono::milliseconds limit);
    // Clients read end of file now.
    void release();

private:
    void pump(Stream& stream, int number);
    void supervise();
    ProcessEnd await_end();
    ProcessEnd asked_end(const std::string& why) const;
    void drain();
    void handle_event(uint32_t type, const nlohmann::json& data);
    void write_input(std::string_view bytes);
    void end_input();
    void join_all();

    const SessionOptions options_;
    OutputHub hub_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    slw_process_status status_{};    // guarded by mutex_
    std::optional<ProcessEnd> end_;  // guarded by mutex_: as HCS reported it
    bool reported_ = false;          // guarded by mutex_: on_end has run
    bool released_ = false;          // guarded by mutex_
    bool closing_ = false;           // guarded by mutex_: the destructor waits
    std::string gone_why_;           // guarded by mutex_: set by system_gone()
    int pumps_running_ = 0;          // guarded by mutex_
    std::string early_input_;        // guarded by mutex_: before the start
    bool input_ended_ = false;       // guarded by mutex_

    std::mutex input_mutex_;  // one writer at a time
    std::optional<Process> process_;
    ProcessPipes pipes_;
    std::thread pumps_[2];
    std::thread supervisor_;
};

}  // namespace slipway::windows_backend
