// plugins/linux/src/process/supervisor_session.hpp - the daemon's end of one supervisor.
//
// A session is made by launching a supervisor or by connecting to one that outlived an earlier daemon. Until it is
// given to the SessionReader its owner talks over the socket alone; from then on only the reader's thread receives, and
// callers of request() wait for it.
#pragma once

#include <slipway/create.h>

#include <process/run_directory.hpp>
#include <slipway/cpp/error.hpp>
#include <slipway/cpp/host.hpp>
#include <slipway_supervisor/control.hpp>
#include <sys/unique_fd.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

class SupervisorSession {
public:
    // `supervisor` is its pidfd. `owned`: it is our child and must be reaped. `container` is set for an exec: the id of
    // the container whose process it is.
    SupervisorSession(std::string id, UniqueFd socket, UniqueFd supervisor, bool owned, std::string container = {});
    // Of a container that has ended and whose supervisor is gone.
    SupervisorSession(std::string id, const ExitRecord& record);

    const std::string& id() const { return id_; }
    bool is_exec() const { return !container_.empty(); }
    const std::string& container() const { return container_; }
    int socket() const { return socket_.get(); }
    int supervisor() const { return supervisor_.get(); }
    int process() const { return process_.get(); }  // pidfd, -1 when there is none

    // Sends the plan and waits until the first process is parked. Before the session is with the reader.
    Status launch(const std::vector<uint8_t>& plan, const std::vector<int>& fds, const CallLimits& limits);
    // Asks a found supervisor for its state and descriptors. Before the session is with the reader.
    Status greet(const CallLimits& limits);

    // From now on the reader's thread receives.
    void set_shared();

    // The rest may be called on any thread.
    Status start(const CallLimits& limits);
    Status attach(const supervisor::AttachRequest& head, const std::string& payload, int stream,
                  const CallLimits& limits);
    Status resize(uint16_t rows, uint16_t columns);
    Status signal(int signum) const;
    // Kills the first process and makes the supervisor end, by force if it does not by itself. Bounded: about 5 s at
    // worst, and immediate when nothing is left.
    void destroy();
    // Tells the supervisor of an exec that has ended that its end was noted: its clients may hear of it.
    void let_go();
    // Kills the first process without asking anybody.
    void kill() const;

    // What is known, without asking.
    slw_process_status status() const;

    // Reader's thread. on_message: false at the end of the stream. on_hang_up: nobody reads requests any more, though
    // the supervisor may live; who waits for an answer is told. on_end: the supervisor is gone; true when the exit had
    // not been reported, so that the container counts as lost.
    struct Event {
        supervisor::MessageKind kind;
        supervisor::StateReport report;
    };
    bool on_message(const std::function<void(const Event&)>& emit);
    void on_hang_up();
    bool on_end();
    // Takes what the exit record says when the report itself was missed.
    void adopt_record(const ExitRecord& record);

private:
    Result<supervisor::StateReport> request(std::vector<uint8_t> packet, int fd, const CallLimits* limits);
    Result<supervisor::StateReport> receive_direct(const CallLimits& limits, std::chrono::milliseconds at_most,
                                                   int* fds, size_t capacity, size_t* count);
    void apply(const supervisor::StateReport& report);  // mutex_ held

    const std::string id_;
    const std::string container_;
    UniqueFd socket_;
    UniqueFd supervisor_;
    UniqueFd process_;  // pidfd of the first process; set before the session is shared
    const bool owned_;

    std::mutex send_mutex_;  // taken alone
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // All below are guarded by mutex_.
    supervisor::StateReport state_;
    uint32_t next_sequence_ = 1;
    std::map<uint32_t, std::optional<supervisor::StateReport>> pending_;
    bool shared_ = false;  // the reader receives
    bool deaf_ = false;    // it has closed the connection
    bool gone_ = false;    // the supervisor has ended
    bool quiet_ = false;   // its end means nothing: the exit was reported, the start failed, or we asked for it
};

}  // namespace slipway::linux_backend
