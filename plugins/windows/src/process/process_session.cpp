#include <process/process_session.hpp>

#include <documents/json_access.hpp>
#include <documents/process_document.hpp>
#include <hcs/errors.hpp>
#include <sys/clock.hpp>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// How long output may go on after the end: grandchildren can hold the pipes open for ever.
constexpr milliseconds kDrain(2000);
// How long after the end of everything else an event may still come.
constexpr milliseconds kEventPatience(1000);
constexpr milliseconds kQuestion(2000);

// containerd's mapping; nothing for numbers Windows has nothing for.
const char* control_event(int32_t number) {
    switch (number) {
        case 2:  // SIGINT
            return "CtrlC";
        case 3:  // SIGQUIT
            return "CtrlBreak";
        case 1:  // SIGHUP
            return "CtrlClose";
        case 15:  // SIGTERM
            return "CtrlShutdown";
        default:
            return nullptr;
    }
}

}  // namespace

ProcessSession::ProcessSession(SessionOptions options)
    : options_(SessionOptions{options.tty, options.open_stdin, options.stdin_once, nullptr, options.capture_bytes,
                              std::move(options.on_end), options.linger}),
      hub_(std::move(options.log), options.capture_bytes) {
    status_.struct_size = sizeof(status_);
}

ProcessSession::~ProcessSession() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        changed_.notify_all();
    }
    hub_.drop_clients();
    join_all();
    hub_.end();
}

void ProcessSession::join_all() {
    for (const auto& pipe : {&pipes_.out, &pipes_.err}) {
        if (*pipe) (*pipe)->cancel();
    }
    if (supervisor_.joinable()) supervisor_.join();
    for (std::thread& pump : pumps_) {
        if (pump.joinable()) pump.join();
    }
    if (pipes_.in) pipes_.in->cancel();
}

Status ProcessSession::start(const System& system, const json& parameters, const Limits& limits) {
    Result<Process::Started> started = Process::start(system, parameters, limits);
    if (!started) return std::move(started).error();
    process_.emplace(std::move(started->process));
    pipes_ = std::move(started->pipes);
    Status watched = process_->watch([this](uint32_t type, const json& data) { handle_event(type, data); });
    if (!watched) {
        (void)process_->terminate(Limits(kQuestion));
        return watched;
    }
    // It may have ended before anybody watched.
    if (const Result<json> now = process_->status(limits); now && read_flag(*now, "Exited")) {
        handle_event(raw::kEventProcessExited, *now);
    }
    std::unique_lock early_first(input_mutex_);  // from here on clients' input and its end go to the pipe
    {
        const std::lock_guard lock(mutex_);
        status_.state = SLW_PROCESS_RUNNING;
        status_.pid = process_->id();
        status_.started_ns = unix_now_ns();
        pumps_running_ = (pipes_.out ? 1 : 0) + (pipes_.err ? 1 : 0);
    }
    if (pipes_.out) pumps_[0] = std::thread([this] { pump(*pipes_.out, 1); });
    if (pipes_.err) pumps_[1] = std::thread([this] { pump(*pipes_.err, 2); });
    supervisor_ = std::thread([this] { supervise(); });
    std::string early;
    bool ended = false;
    {
        const std::lock_guard lock(mutex_);
        early.swap(early_input_);
        ended = input_ended_ || !options_.open_stdin;
    }
    // Also when the end of the input has been seen by now.
    if (!early.empty() && pipes_.in) (void)pipes_.in->write(early.data(), early.size());
    early_first.unlock();
    if (ended) end_input();
    return ok();
}

void ProcessSession::pump(Stream& stream, int number) {
    char buffer[32 * 1024];
    for (int64_t got = 0; (got = stream.read(buffer, sizeof(buffer))) > 0;) {
        hub_.write(number, {buffer, static_cast<size_t>(got)});
    }
    const std::lock_guard lock(mutex_);
    --pumps_running_;
    changed_.notify_all();
}

void ProcessSession::handle_event(uint32_t type, const json& data) {
    const std::lock_guard lock(mutex_);
    if (type == raw::kEventServiceDisconnect) {
        if (gone_why_.empty()) gone_why_ = "the Host Compute Service went away";
    } else if (type == raw::kEventProcessExited && !end_) {  // it may come twice
        ProcessEnd end;
        end.unix_ns = unix_now_ns();
        end.exit_code = static_cast<uint32_t>(read_int(data, "ExitCode"));
        if (const int64_t wait = read_int(data, "LastWaitResult"); wait != 0) {
            end = {255, true, "waiting for the process failed with " + std::to_string(wait), unix_now_ns()};
        }
        end_ = end;
    }
    changed_.notify_all();
}

// The end without an event: HCS is asked once.
ProcessEnd ProcessSession::asked_end(const std::string& why) const {
    const Result<json> status = process_->status(Limits(kQuestion));
    if (status && read_flag(*status, "Exited")) {
        return {static_cast<uint32_t>(read_int(*status, "ExitCode")), false, "", unix_now_ns()};
    }
    return {255, true, why, unix_now_ns()};
}

ProcessEnd ProcessSession::await_end() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return end_ || closing_ || !gone_why_.empty() || pumps_running_ == 0; });
        if (end_) return *end_;
        if (closing_) return {255, true, "the daemon let go of the process", unix_now_ns()};
        const std::string why = gone_why_;
        changed_.wait_for(lock, kEventPatience, [&] { return end_ || closing_; });
        if (end_ || closing_) continue;
        lock.unlock();
        const ProcessEnd asked = asked_end(why);
        lock.lock();
        if (!asked.lost || !why.empty()) return end_ ? *end_ : asked;
        // It closed its output and runs on: only the event tells, or, once a second, the question.
    }
}

void ProcessSession::drain() {
    std::unique_lock lock(mutex_);
    const bool drained = changed_.wait_for(lock, kDrain, [&] { return pumps_running_ == 0 || closing_; });
    lock.unlock();
    if (drained) return;
    for (const auto& pipe : {&pipes_.out, &pipes_.err}) {
        if (*pipe) (*pipe)->cancel();
    }
    hub_.drop_clients();
    lock.lock();
    changed_.wait_for(lock, kDrain, [&] { return pumps_running_ == 0; });
}

void ProcessSession::supervise() {
    const ProcessEnd end = await_end();
    drain();
    hub_.finish_log();
    {
        const std::lock_guard lock(mutex_);
        status_.state = SLW_PROCESS_EXITED;
        status_.pid = 0;
        status_.finished_ns = end.unix_ns;
        status_.exit_code = static_cast<int32_t>(end.exit_code);
    }
    bool tell = true;
    {
        const std::lock_guard lock(mutex_);
        tell = !(closing_ && end.lost);
    }
    if (tell && options_.on_end) options_.on_end(end);
    std::unique_lock lock(mutex_);
    reported_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, options_.linger, [&] { return released_ || closing_; });
    lock.unlock();
    if (pipes_.in) pipes_.in->cancel();  // a client's thread may wait for the process to read
    hub_.end();
}

Status ProcessSession::attach(const slw_attach_request& request) {
    {
        const std::lock_guard lock(mutex_);
        if (status_.state == SLW_PROCESS_EXITED) return Error(ErrorCode::kConflict, "the container has ended");
    }
    InputTarget input;
    if (options_.open_stdin) {
        input.write = [this](std::string_view bytes) { write_input(bytes); };
        input.end = [this] {
            if (options_.stdin_once) end_input();
        };
    } else {
        input.write = [](std::string_view) {};
        input.end = [] {};
    }
    Result<std::shared_ptr<Client>> client = Client::open(request, options_.tty, std::move(input));
    if (!client) return std::move(client).error();
    return hub_.add(std::move(*client));
}

void ProcessSession::write_input(std::string_view bytes) {
    {
        const std::lock_guard lock(mutex_);
        if (input_ended_) return;
        if (status_.state == SLW_PROCESS_NONE) {
            early_input_.append(bytes);
            return;
        }
    }
    const std::lock_guard one(input_mutex_);
    if (pipes_.in) (void)pipes_.in->write(bytes.data(), bytes.size());  // a process that does not read gets nothing
}

void ProcessSession::end_input() {
    {
        const std::lock_guard lock(mutex_);
        input_ended_ = true;
        if (status_.state != SLW_PROCESS_RUNNING || end_) return;  // shutting down, or told at the start
    }
    const std::lock_guard one(input_mutex_);
    if (!pipes_.in) return;
    (void)process_->modify(close_stdin_request(), Limits(kQuestion));  // in the wrong state it is ending anyway
    pipes_.in->cancel();
}

Status ProcessSession::check_signal(int32_t number) {
    if (number == 0 || number == 9 || control_event(number) != nullptr) return ok();
    return Error(ErrorCode::kInvalidArgument, "Windows has nothing for signal " + std::to_string(number));
}

Status ProcessSession::signal(int32_t number) {
    {
        const std::lock_guard lock(mutex_);
        if (status_.state != SLW_PROCESS_RUNNING || end_)
            return Error(ErrorCode::kNotFound, "the process is not running");
    }
    if (Status known = check_signal(number); !known || number == 0) return known;
    const Limits limits(kHandOver);
    Status sent = number == 9 ? process_->terminate(limits) : process_->signal(control_event(number), limits);
    if (!sent && sent.error().code() == ErrorCode::kDeadlineExceeded) return ok();  // it is on its way
    if (sent || !(number == 9 ? is_ending(sent.error()) : is_gone(sent.error()))) return sent;
    system_gone("the process was gone when it was signalled");  // its event is late or lost
    return Error(ErrorCode::kNotFound, "the process is not running");
}

Status ProcessSession::resize(uint16_t rows, uint16_t columns, const Limits& limits) {
    {
        const std::lock_guard lock(mutex_);
        if (!options_.tty) return Error(ErrorCode::kConflict, "the process has no terminal");
        if (status_.state != SLW_PROCESS_RUNNING || end_)
            return Error(ErrorCode::kConflict, "the process is not running");
    }
    Status resized = process_->modify(resize_request(rows, columns), limits);
    if (!resized && is_gone(resized.error())) return std::move(resized).error().with_code(ErrorCode::kConflict);
    return resized;
}

slw_process_status ProcessSession::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

void ProcessSession::system_gone(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (gone_why_.empty()) gone_why_ = why;
    changed_.notify_all();
}

bool ProcessSession::wait_ended(milliseconds limit) {
    std::unique_lock lock(mutex_);
    if (status_.state == SLW_PROCESS_NONE) return true;
    return changed_.wait_for(lock, limit, [&] { return reported_; });
}

void ProcessSession::release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
}

}  // namespace slipway::windows_backend
