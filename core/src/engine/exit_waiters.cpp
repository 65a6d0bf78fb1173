#include "engine/exit_waiters.hpp"

namespace slipway::core {

namespace {
// How often a waiter asks whether its client is still there.
constexpr std::chrono::milliseconds kAskClient{250};
}  // namespace

ExitWaiters::Ticket ExitWaiters::ticket() const {
    const std::lock_guard lock(mutex_);
    return {exits_, failed_removals_};
}

bool ExitWaiters::wait_for_exit(Ticket ticket, std::chrono::milliseconds timeout) const {
    std::unique_lock lock(mutex_);
    const auto ended = [&] { return exits_ > ticket.exits || removed_ || impatient_ || closed_; };
    if (timeout.count() < 0) {
        changed_.wait(lock, ended);
    } else {
        changed_.wait_for(lock, timeout, ended);
    }
    return exits_ > ticket.exits || removed_;
}

Result<WaitResult> ExitWaiters::wait(Ticket ticket, WaitCondition condition,
                                     const std::function<bool()>& cancelled) const {
    std::unique_lock lock(mutex_);
    while (true) {
        if (removed_ || (condition != WaitCondition::kRemoved && exits_ > ticket.exits)) return last_exit_;
        if (condition == WaitCondition::kRemoved && failed_removals_ > ticket.failed_removals) {
            return WaitResult{last_exit_.exit_code, removal_error_};
        }
        if (closed_) return Error(ErrorCode::kCancelled, "the engine shuts down");
        changed_.wait_for(lock, kAskClient);
        if (!cancelled) continue;
        lock.unlock();
        const bool gone = cancelled();
        lock.lock();
        if (gone && !removed_) return Error(ErrorCode::kCancelled, "the client has gone");
    }
}

void ExitWaiters::note_exit(WaitResult result) {
    const std::lock_guard lock(mutex_);
    ++exits_;
    last_exit_ = std::move(result);
    changed_.notify_all();
}

void ExitWaiters::note_removal(WaitResult result) {
    const std::lock_guard lock(mutex_);
    if (exits_ == 0) last_exit_ = std::move(result);
    removed_ = true;
    changed_.notify_all();
}

void ExitWaiters::note_failed_removal(const std::string& error) {
    const std::lock_guard lock(mutex_);
    ++failed_removals_;
    removal_error_ = error;
    changed_.notify_all();
}

void ExitWaiters::end_patience() {
    const std::lock_guard lock(mutex_);
    impatient_ = true;
    changed_.notify_all();
}

void ExitWaiters::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

bool ExitWaiters::removed() const {
    const std::lock_guard lock(mutex_);
    return removed_;
}

}  // namespace slipway::core
