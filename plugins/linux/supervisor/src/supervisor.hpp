// supervisor.hpp - the supervisor's state and its parts. An exec has a supervisor of its own, which does the same for
// a process that joins the container.
//
// One process, one thread, one epoll loop; nothing is allocated after the start: all tables are static and of fixed
// size, and a page that was never needed costs nothing. The story of a container:
//
//   receive_launch()   the plan and its descriptors arrive over descriptor 3, which stays the first control connection
//   launch()           enter the base mount name space, clone the first process; it sets itself up and parks
//   loop               sync pair: parked / failed / executed; control requests; output -> log and clients;
//                      client input -> stdin; pidfd: the first process ended
//   finish_exit()      once the pipes are empty: log complete, exit record on disk, kExit to every daemon connected
//   linger             slow clients get the rest, which is in their sockets by now, then the process ends
#pragma once

#include <slipway_supervisor/detach_keys.hpp>
#include <slipway_supervisor/plan.hpp>

#include "event_loop.hpp"
#include "failure.hpp"
#include "log_writer.hpp"

namespace slipway::supervisor {

constexpr uint32_t kMaxConnections = 8;
constexpr uint32_t kMaxClients = 16;
// A client that is this far behind stops the container's output.
constexpr size_t kClientLimit = 64 * 1024;
// Room for what the pipes hold when the container ends: the log must be complete before the exit is reported, and slow
// clients must not delay that.
constexpr size_t kClientCapacity = kClientLimit + 256 * 1024;
constexpr size_t kInputCapacity = 2 * kMaxEarlyInputBytes;
constexpr int64_t kDrainMs = 700;          // for output that no client makes room for, after the end
constexpr int64_t kLingerMs = 10'000;      // for slow clients, after the exit was reported
constexpr int64_t kDestroyMs = 2000;       // the same once the daemon wants the container gone
constexpr int64_t kTerminalRetryMs = 100;  // between looks at a terminal that no process has open
constexpr int64_t kHoldMs = 5000;          // for the daemon to note the exit of an exec

struct Client {
    int fd = -1;
    uint32_t flags = 0;
    bool input_ended = false;  // it closed its writing side
    bool ending = false;       // shutdown for writing was done or is due once `out` is empty
    bool shut = false;
    size_t start = 0, end = 0;  // unsent part of `out`
    DetachKeys keys;
    char* out = nullptr;  // kClientCapacity bytes of their own, so that an unused client touches no page
};

struct Output {
    int fd = -1;
    bool paused = false;
    bool resting = false;  // a terminal that no process has open; looked at again at `terminal_retry_ms`
};

// Small and initialised; the large buffers are globals of their own, zero and therefore without cost until touched.
struct Supervisor {
    EventLoop loop;
    Plan plan;  // valid until the first process was started
    const uint8_t* plan_bytes = nullptr;
    size_t plan_size = 0;
    struct LaunchScratch* scratch = nullptr;  // launch.cpp; until the first process is parked
    int* fds = nullptr;                       // in the scratch: kPlanMaxFds descriptors of the plan, by index
    uint32_t fd_count = 0;

    ProcessState state = ProcessState::kLaunching;
    int pidfd = -1;
    int self_pidfd = -1;
    int sync = -1;
    int64_t pid = 0;
    int64_t started_ns = 0, finished_ns = 0;
    int32_t exit_code = 0;
    bool oom_killed = false;
    uint64_t oom_kills = 0;       // of the group that daemons have been told of; v2
    bool exit_reported = false;   // daemons know, or there is nothing to know
    bool exit_announced = false;  // finish_exit() ran
    bool destroying = false;
    int64_t deadline_ms = 0;        // of the draining or lingering phase, 0 for none
    int64_t terminal_retry_ms = 0;  // 0: not needed

    bool tty = false, stdin_once = false, open_stdin = false;
    bool joined = false;            // an exec in a container that has a supervisor of its own
    bool ends_with_daemon = false;  // kill it once nobody is connected
    bool holds_clients = false;     // its exit was reported, and clients learn of the end when the daemon has noted it
    int capture = -1;               // file for the beginning of the output
    uint64_t capture_left = 0;
    int state_directory = -1, listener = -1, oom_counter = -1, oom_event = -1;

    // Who asked for the launch and for the start.
    uint32_t launch_sequence = 0, start_sequence = 0;
    int launch_connection = -1, start_connection = -1;
    int connections[kMaxConnections];

    Output outputs[2];
    int input = -1;  // writing end of the container's stdin, or the terminal
    bool input_closing = false;
    size_t input_start = 0, input_end = 0;
    Client clients[kMaxClients];
};

extern LogWriter g_log;  // log_writer.cpp

// launch.cpp
bool receive_launch(Supervisor& s, int sock);
bool launch(Supervisor& s, Failure& failure);
void release_launch(Supervisor& s);  // gives the memory of plan and scratch back

// process.cpp
void start_process(Supervisor& s, int connection, uint32_t sequence);
void on_sync(Supervisor& s);
void on_process_end(Supervisor& s);
void on_oom(Supervisor& s);
void finish_exit(Supervisor& s);
void release_clients(Supervisor& s);  // of an exec, once it is time
void kill_process(Supervisor& s);

// control.cpp
void fill_report(const Supervisor& s, StateReport& report);
void reply(Supervisor& s, int connection, uint32_t sequence, int result, const Failure* failure, const int* fds,
           int fd_count);
void broadcast(Supervisor& s, MessageKind kind);
void on_listener(Supervisor& s);
void on_connection(Supervisor& s, uint32_t index);

// output.cpp
void on_output(Supervisor& s, uint32_t stream);
void update_outputs(Supervisor& s);    // pauses and resumes reading by what the clients can take
bool drain_outputs(Supervisor& s);     // after the end; true once nothing is left
void end_slow_clients(Supervisor& s);  // those that keep drain_outputs() from being done; at least one
void close_outputs(Supervisor& s);
void retry_terminal(Supervisor& s);  // once it is time

// EIO of a terminal's master: no process has the terminal open at the moment, and one may open it again. True when
// that is how it stands; the caller stops watching until retry_terminal().
bool terminal_rests(Supervisor& s);

// input.cpp
void on_input_ready(Supervisor& s);
void write_input(Supervisor& s);
void client_input_ended(Supervisor& s, Client& client);
bool input_has_room(const Supervisor& s);
void queue_input(Supervisor& s, const char* bytes, size_t size);

// clients.cpp
int add_client(Supervisor& s, int fd, const AttachRequest& request, const char* payload);  // 0 or errno
void on_client(Supervisor& s, uint32_t index, uint32_t events);
void send_to_clients(Supervisor& s, uint32_t stream, const char* bytes, size_t size);
void update_clients(Supervisor& s);
void end_clients(Supervisor& s);  // after the last byte: shut down for writing
void drop_client(Supervisor& s, Client& client);
bool any_clients(const Supervisor& s);

}  // namespace slipway::supervisor
