#include <process/supervisor_session.hpp>

#include <process/failure_text.hpp>
#include <slipway_supervisor/fd_passing.hpp>
#include <slipway_supervisor/plan.hpp>
#include <sys/memory_file.hpp>
#include <sys/pidfd.hpp>
#include <sys/socket_packet.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace slipway::linux_backend {
namespace {

using namespace std::chrono_literals;
using supervisor::ControlHeader;
using supervisor::FailureKind;
using supervisor::MessageKind;
using supervisor::ProcessState;
using supervisor::StateReport;

constexpr auto kSlice = 100ms;          // how often cancellation is looked at, as the ABI asks
constexpr auto kLaunchAtMost = 120s;    // where the caller has no deadline; a cold disk may be slow
constexpr auto kQuickRequest = 2000ms;  // requests without a deadline of their own
constexpr int kDestroyWaitMs = 3500;    // the supervisor gives slow clients 2 s
constexpr int kKillWaitMs = 1000;

template <class Message>
std::vector<uint8_t> packet_of(Message message, MessageKind kind, const std::string& payload = {}) {
    message.header.kind = kind;
    message.header.size = static_cast<uint32_t>(sizeof(message) + payload.size());
    const auto* head = reinterpret_cast<const uint8_t*>(&message);
    std::vector<uint8_t> bytes(head, head + sizeof(message));
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
}

// A request without content of its own.
struct Plain {
    ControlHeader header;
};

Status status_of(const StateReport& report, const char* what) {
    if (report.result == 0) return ok();
    if (report.failure.kind != FailureKind::kNone) return error_of(report.failure);
    if (report.result == ESRCH) return Error(ErrorCode::kConflict, std::string(what) + ": the container has ended");
    if (report.result == EBUSY) return Error(ErrorCode::kConflict, std::string(what) + ": the container runs already");
    if (report.result == ENOTTY)
        return Error(ErrorCode::kConflict, std::string(what) + ": no terminal, or not running");
    return Error::from_errno(report.result, what);
}

Error lost() {
    return Error(ErrorCode::kInternal, "the container's supervisor has ended");
}

}  // namespace

SupervisorSession::SupervisorSession(std::string id, UniqueFd socket, UniqueFd supervisor, bool owned,
                                     std::string container)
    : id_(std::move(id)),
      container_(std::move(container)),
      socket_(std::move(socket)),
      supervisor_(std::move(supervisor)),
      owned_(owned) {}

SupervisorSession::SupervisorSession(std::string id, const ExitRecord& record) : id_(std::move(id)), owned_(false) {
    gone_ = quiet_ = true;
    adopt_record(record);
}

void SupervisorSession::adopt_record(const ExitRecord& record) {
    const std::lock_guard lock(mutex_);
    state_.state = ProcessState::kExited;
    state_.exit_code = record.exit_code;
    state_.oom_killed = record.oom_killed ? 1 : 0;
    state_.started_ns = record.started_ns;
    state_.finished_ns = record.finished_ns;
}

Result<StateReport> SupervisorSession::receive_direct(const CallLimits& limits, std::chrono::milliseconds at_most,
                                                      int* fds, size_t capacity, size_t* count) {
    const auto give_up = std::chrono::steady_clock::now() + at_most;
    for (;;) {
        const Status in_time = limits.check();
        if (!in_time) return in_time.error();
        if (std::chrono::steady_clock::now() >= give_up) {
            return Error(ErrorCode::kDeadlineExceeded, "the supervisor does not answer");
        }
        pollfd wait{};
        wait.fd = socket_.get();
        wait.events = POLLIN;
        const auto slice = static_cast<int>(limits.remaining(kSlice).count());
        if (poll(&wait, 1, std::max(slice, 1)) != 1) continue;
        StateReport report;
        const ssize_t got = supervisor::receive_packet(socket_.get(), &report, sizeof(report), fds, capacity, count);
        if (got == static_cast<ssize_t>(sizeof(report)) && report.header.magic == supervisor::kControlMagic)
            return report;
        if (got >= 0 || errno == ECONNRESET) return lost();
        return Error::from_errno(errno, "receive from the supervisor");
    }
}

Status SupervisorSession::launch(const std::vector<uint8_t>& plan, const std::vector<int>& fds,
                                 const CallLimits& limits) {
    Result<UniqueFd> file = make_memory_file("slipway-plan", plan);
    if (!file) return std::move(file).error();
    std::vector<int> all{file->get()};
    all.insert(all.end(), fds.begin(), fds.end());
    supervisor::LaunchRequest request;
    request.fd_count = static_cast<uint32_t>(fds.size());
    request.plan_bytes = static_cast<uint32_t>(plan.size());
    request.header.sequence = next_sequence_++;
    const std::vector<uint8_t> packet = packet_of(request, MessageKind::kLaunch);
    for (size_t at = 0; at < all.size(); at += supervisor::kMaxFdsPerPacket) {
        const size_t count = std::min<size_t>(all.size() - at, supervisor::kMaxFdsPerPacket);
        const Status sent = send_packet_with_fds(socket_.get(), packet, all.data() + at, count);
        if (!sent) return sent;
    }
    int process = -1;
    size_t count = 0;
    const Result<StateReport> report = receive_direct(limits, kLaunchAtMost, &process, 1, &count);
    if (!report) return report.error();
    if (count == 1) process_.reset(process);
    const std::lock_guard lock(mutex_);
    apply(*report);
    return status_of(*report, "launch");
}

Status SupervisorSession::greet(const CallLimits& limits) {
    Plain hello;
    hello.header.sequence = next_sequence_++;
    const Status sent = send_packet_with_fds(socket_.get(), packet_of(hello, MessageKind::kHello), nullptr, 0);
    if (!sent) return sent;
    for (;;) {
        int fds[2] = {-1, -1};
        size_t count = 0;
        const Result<StateReport> report = receive_direct(limits, kQuickRequest, fds, 2, &count);
        if (!report) return report.error();
        if (count > 0) process_.reset(fds[0]);
        if (count > 1) supervisor_.reset(fds[1]);
        const std::lock_guard lock(mutex_);
        apply(*report);
        if (report->header.kind != MessageKind::kReply) continue;  // an event that came in between; the state has it
        if (count != 2) return Error(ErrorCode::kInternal, "the supervisor sent no descriptors");
        return ok();
    }
}

void SupervisorSession::apply(const StateReport& report) {
    state_ = report;
    if (report.failure.kind != FailureKind::kNone) quiet_ = true;
    if (report.header.kind == MessageKind::kExit || report.state == ProcessState::kExited) quiet_ = true;
}

Result<StateReport> SupervisorSession::request(std::vector<uint8_t> packet, int fd, const CallLimits* limits) {
    uint32_t sequence = 0;
    {
        const std::lock_guard lock(mutex_);
        if (gone_ || deaf_) return lost();
        sequence = next_sequence_++;
        pending_[sequence];
    }
    std::memcpy(packet.data() + offsetof(ControlHeader, sequence), &sequence, sizeof(sequence));
    Status sent = ok();
    {
        const std::lock_guard lock(send_mutex_);
        sent = send_packet_with_fds(socket_.get(), packet, &fd, fd >= 0 ? 1 : 0);
    }
    const auto give_up = std::chrono::steady_clock::now() + kQuickRequest;
    std::unique_lock lock(mutex_);
    auto slot = pending_.find(sequence);
    while (sent && !slot->second && !gone_ && !deaf_) {
        if (limits != nullptr) {
            sent = limits->check();
        } else if (std::chrono::steady_clock::now() >= give_up) {
            sent = Error(ErrorCode::kDeadlineExceeded, "the supervisor does not answer");
        }
        if (sent) changed_.wait_for(lock, kSlice);
    }
    const std::optional<StateReport> answer = slot->second;
    pending_.erase(slot);
    if (answer) return *answer;
    if (!sent) return std::move(sent).error();
    return lost();
}

Status SupervisorSession::start(const CallLimits& limits) {
    const Result<StateReport> report = request(packet_of(Plain{}, MessageKind::kStart), -1, &limits);
    if (!report) return report.error();
    return status_of(*report, "start");
}

Status SupervisorSession::attach(const supervisor::AttachRequest& head, const std::string& payload, int stream,
                                 const CallLimits& limits) {
    {
        const std::lock_guard lock(mutex_);
        if (gone_ || state_.state == ProcessState::kExited) {
            return Error(ErrorCode::kConflict, "attach: the container has ended");
        }
    }
    const Result<StateReport> report = request(packet_of(head, MessageKind::kAttach, payload), stream, &limits);
    if (!report) return report.error();
    return status_of(*report, "attach");
}

Status SupervisorSession::resize(uint16_t rows, uint16_t columns) {
    supervisor::ResizeRequest head;
    head.rows = rows;
    head.columns = columns;
    const Result<StateReport> report = request(packet_of(head, MessageKind::kResize), -1, nullptr);
    if (!report) return Error(report.error()).with_code(ErrorCode::kConflict);
    return status_of(*report, "resize");
}

Status SupervisorSession::signal(int signum) const {
    const int err = process_ ? send_signal(process_.get(), signum) : ESRCH;
    if (err == 0) return ok();
    if (err == ESRCH) return Error(ErrorCode::kNotFound, "the process has ended");
    return Error::from_errno(err, "signal " + std::to_string(signum));
}

void SupervisorSession::kill() const {
    if (process_) (void)send_signal(process_.get(), SIGKILL);
}

void SupervisorSession::set_shared() {
    const std::lock_guard lock(mutex_);
    shared_ = true;
}

void SupervisorSession::destroy() {
    bool shared = false, deaf = false;
    {
        const std::lock_guard lock(mutex_);
        quiet_ = quiet_ || state_.state != ProcessState::kRunning;
        if (gone_) return;
        shared = shared_;
        deaf = deaf_;
    }
    if (supervisor_ && !has_ended(supervisor_.get())) {
        // Failing is fine: what follows does not depend on its answer.
        const std::vector<uint8_t> packet = packet_of(Plain{}, MessageKind::kDestroy);
        if (deaf) {
            (void)send_signal(supervisor_.get(), SIGKILL);
        } else if (shared) {
            (void)request(packet, -1, nullptr);
        } else {
            (void)send_packet_with_fds(socket_.get(), packet, nullptr, 0);
        }
        if (!wait_for_end(supervisor_.get(), kDestroyWaitMs)) {
            (void)send_signal(supervisor_.get(), SIGKILL);
            (void)wait_for_end(supervisor_.get(), kKillWaitMs);
        }
    }
    kill();
    if (process_) (void)wait_for_end(process_.get(), kKillWaitMs);
    if (owned_) reap(supervisor_.get());
}

void SupervisorSession::let_go() {
    const std::lock_guard lock(send_mutex_);
    // It may have gone already, having had no client.
    (void)send_packet_with_fds(socket_.get(), packet_of(Plain{}, MessageKind::kDestroy), nullptr, 0);
}

slw_process_status SupervisorSession::status() const {
    const std::lock_guard lock(mutex_);
    slw_process_status out{};
    out.struct_size = sizeof(out);
    out.started_ns = state_.started_ns;
    switch (state_.state) {
        case ProcessState::kLaunching:
            break;
        case ProcessState::kParked:
            out.state = SLW_PROCESS_PARKED;
            break;
        case ProcessState::kStarting:
        case ProcessState::kRunning:
            out.state = SLW_PROCESS_RUNNING;
            break;
        case ProcessState::kExited:
            out.state = SLW_PROCESS_EXITED;
            out.finished_ns = state_.finished_ns;
            out.exit_code = state_.exit_code;
            out.oom_killed = state_.oom_killed;
            break;
    }
    if (out.state == SLW_PROCESS_PARKED || out.state == SLW_PROCESS_RUNNING) out.pid = state_.pid;
    return out;
}

bool SupervisorSession::on_message(const std::function<void(const Event&)>& emit) {
    for (;;) {
        Event event{};
        size_t count = 0;
        const ssize_t got = supervisor::receive_packet(socket_.get(), &event.report, sizeof(event.report), nullptr, 0,
                                                       &count, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) return true;
        if (got != static_cast<ssize_t>(sizeof(event.report))) return false;
        event.kind = event.report.header.kind;
        {
            const std::lock_guard lock(mutex_);
            apply(event.report);
            if (event.kind == MessageKind::kReply) {
                const auto slot = pending_.find(event.report.header.sequence);
                if (slot != pending_.end()) slot->second = event.report;
            }
        }
        changed_.notify_all();
        if (event.kind != MessageKind::kReply) emit(event);
    }
}

void SupervisorSession::on_hang_up() {
    {
        const std::lock_guard lock(mutex_);
        deaf_ = true;
    }
    changed_.notify_all();
}

bool SupervisorSession::on_end() {
    if (owned_) reap(supervisor_.get());
    bool is_lost = false;
    {
        const std::lock_guard lock(mutex_);
        gone_ = true;
        is_lost = !quiet_;
        if (is_lost) {
            state_.state = ProcessState::kExited;
            state_.exit_code = 255;
        }
    }
    changed_.notify_all();
    return is_lost;
}

}  // namespace slipway::linux_backend
