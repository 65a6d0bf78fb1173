#include <process/session_reader.hpp>

#include <backend.hpp>
#include <cgroup/cgroup_manager.hpp>

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <chrono>

namespace slipway::linux_backend {
namespace {

using supervisor::MessageKind;

constexpr uint64_t kWake = 0;
constexpr uint64_t kEndBit = uint64_t{1} << 63;  // the event is about the supervisor's pidfd, not its socket

int64_t unix_now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Status watch(int epoll, int fd, uint64_t token) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = token;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return ok();
    return Error::from_errno(errno, "watch the supervisor");
}

}  // namespace

SessionReader::~SessionReader() {
    std::thread thread;
    {
        const std::lock_guard lock(mutex_);
        thread = std::move(thread_);
        const uint64_t one = 1;
        if (wake_) (void)!write(wake_.get(), &one, sizeof(one));
    }
    if (thread.joinable()) thread.join();
}

Status SessionReader::start_thread() {
    if (thread_.joinable()) return ok();
    epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
    wake_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll_ || !wake_) return Error::from_errno(errno, "epoll_create1");
    const Status watched = watch(epoll_.get(), wake_.get(), kWake);
    if (!watched) return watched;
    thread_ = std::thread([this] { run(); });
    return ok();
}

Status SessionReader::add(std::shared_ptr<SupervisorSession> session) {
    const std::lock_guard lock(mutex_);
    Status status = start_thread();
    if (!status) return status;
    const uint64_t token = next_token_++;
    sessions_[token] = session;
    session->set_shared();
    status = watch(epoll_.get(), session->socket(), token);
    if (status) status = watch(epoll_.get(), session->supervisor(), token | kEndBit);
    if (!status) sessions_.erase(token);
    return status;
}

std::shared_ptr<SupervisorSession> SessionReader::find(uint64_t token) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(token);
    return found == sessions_.end() ? nullptr : found->second;
}

void SessionReader::run() {
    for (;;) {
        epoll_event events[32];
        const int count = epoll_wait(epoll_.get(), events, 32, -1);
        for (int i = 0; i < count; ++i) {
            const uint64_t token = events[i].data.u64;
            if (token == kWake) return;
            if ((token & kEndBit) != 0) {
                on_end(token & ~kEndBit);
            } else {
                on_stream(token);
            }
        }
    }
}

void SessionReader::on_stream(uint64_t token) {
    const std::shared_ptr<SupervisorSession> session = find(token);
    if (!session) return;
    const bool open = session->on_message([&](const SupervisorSession::Event& event) { post(*session, event); });
    if (open) return;
    // The end itself is the pidfd's to tell; the socket alone may close a moment earlier.
    session->on_hang_up();
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, session->socket(), nullptr);
}

void SessionReader::on_end(uint64_t token) {
    const std::shared_ptr<SupervisorSession> session = find(token);
    if (!session) return;
    on_stream(token);  // what it said last
    if (session->on_end()) report_loss(*session);
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, session->socket(), nullptr);
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, session->supervisor(), nullptr);
    const std::lock_guard lock(mutex_);
    sessions_.erase(token);
}

void SessionReader::post(const SupervisorSession& session, const SupervisorSession::Event& event) const {
    slw_event out{};
    out.struct_size = sizeof(out);
    out.container_id = session.is_exec() ? session.container().c_str() : session.id().c_str();
    if (event.kind == MessageKind::kExit) {
        out.kind = session.is_exec() ? SLW_EVENT_EXEC_EXIT : SLW_EVENT_EXIT;
        if (session.is_exec()) out.text = text_of(session.id());
        out.unix_ns = event.report.finished_ns;
        out.exit_code = event.report.exit_code;
        out.oom_killed = event.report.oom_killed;
    } else if (event.kind == MessageKind::kOom) {
        out.kind = SLW_EVENT_OOM;
        out.unix_ns = unix_now_ns();
    } else {
        return;
    }
    backend_.host.post(out);
}

void SessionReader::report_lost_exec(const SupervisorSession& session) const {
    session.kill();
    slw_event out{};
    out.struct_size = sizeof(out);
    out.kind = SLW_EVENT_EXEC_EXIT;
    out.container_id = session.container().c_str();
    out.unix_ns = unix_now_ns();
    out.exit_code = 255;
    out.text = text_of(session.id());
    backend_.host.post(out);
}

// A supervisor that ended without a word: either it managed to write the record, or nobody looks after the container
// any more. Then its processes must not go on, because nobody would ever learn of their end.
void SessionReader::report_loss(SupervisorSession& session) const {
    if (session.is_exec()) return report_lost_exec(session);
    const Result<UniqueFd> directory = RunDirectory(backend_.config.exec_root, session.id()).open();
    const std::optional<ExitRecord> record = directory ? RunDirectory::read_exit(directory->get()) : std::nullopt;
    slw_event out{};
    out.struct_size = sizeof(out);
    out.container_id = session.id().c_str();
    if (record) {
        session.adopt_record(*record);
        out.kind = SLW_EVENT_EXIT;
        out.unix_ns = record->finished_ns;
        out.exit_code = record->exit_code;
        out.oom_killed = record->oom_killed ? 1 : 0;
        backend_.host.post(out);
        return;
    }
    session.kill();
    const Status destroyed = backend_.cgroups->destroy(session.id());
    if (!destroyed) backend_.host.warn("container " + session.id() + ": " + destroyed.error().message() + ", ignoring");
    const std::string text = "the container's supervisor ended unexpectedly; its processes were killed";
    out.kind = SLW_EVENT_LOST;
    out.unix_ns = unix_now_ns();
    out.exit_code = 255;
    out.text = text_of(text);
    backend_.host.post(out);
}

}  // namespace slipway::linux_backend
