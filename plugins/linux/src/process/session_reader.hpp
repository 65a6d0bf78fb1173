// plugins/linux/src/process/session_reader.hpp - one thread that listens to all supervisors and posts their events.
#pragma once

#include <process/supervisor_session.hpp>
#include <sys/unique_fd.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

struct slw_backend;

namespace slipway::linux_backend {

// Posts SLW_EVENT_EXIT, OOM and LOST. The thread starts with the first session and ends with this object.
class SessionReader {
public:
    explicit SessionReader(slw_backend& backend) : backend_(backend) {}
    ~SessionReader();
    SessionReader(const SessionReader&) = delete;
    SessionReader& operator=(const SessionReader&) = delete;

    // From now on the session receives here. Kept until its supervisor has ended.
    Status add(std::shared_ptr<SupervisorSession> session);

private:
    Status start_thread();  // mutex_ held
    void run();
    void on_stream(uint64_t token);
    void on_end(uint64_t token);
    std::shared_ptr<SupervisorSession> find(uint64_t token);
    void post(const SupervisorSession& session, const SupervisorSession::Event& event) const;
    void report_loss(SupervisorSession& session) const;
    void report_lost_exec(const SupervisorSession& session) const;

    slw_backend& backend_;
    std::mutex mutex_;
    UniqueFd epoll_, wake_;  // guarded by mutex_ until the thread runs, constant afterwards
    std::map<uint64_t, std::shared_ptr<SupervisorSession>> sessions_;  // guarded by mutex_; tokens are never used twice
    uint64_t next_token_ = 1;                                          // guarded by mutex_
    std::thread thread_;                                               // guarded by mutex_
};

}  // namespace slipway::linux_backend
