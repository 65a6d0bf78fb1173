#include "log/forward/forwarder.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstRetry{100}, kLongestRetry{5'000};
constexpr milliseconds kFirstIdle{5}, kLongestIdle{200};  // between two looks at a log that rests
constexpr milliseconds kAck{5};                           // between two looks at what is on its way
constexpr milliseconds kLastAck{500};
constexpr size_t kBatchMessages = 256, kBatchBytes = size_t{64} << 10;
// The tail that is repeated when a connection breaks.
constexpr uint64_t kMostUnacknowledged = uint64_t{1} << 20;

}  // namespace

Forwarder::Forwarder(ForwardPlan plan)
    : plan_(std::move(plan)), position_file_(plan_.position), retry_(kFirstRetry), idle_(kFirstIdle), thread_([this] {
          run();
      }) {}

void Forwarder::ask_to_stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
}

void Forwarder::stop() {
    ask_to_stop();
    if (thread_.joinable()) thread_.join();
}

bool Forwarder::go_on() {
    const std::lock_guard lock(mutex_);
    again_ = true;
    return !finished_;
}

bool Forwarder::drain(milliseconds patience) {
    std::unique_lock lock(mutex_);
    hurried_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, patience, [this] { return finished_ || away_ || stopping_; });
    return finished_;
}

bool Forwarder::is_stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

void Forwarder::pause(milliseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [this] { return stopping_ || hurried_; });
    hurried_ = false;
}

void Forwarder::run() {
    acknowledged_ = position_file_.load();
    cursor_.emplace(plan_.log, acknowledged_);
    while (true) {
        forward();
        const std::lock_guard lock(mutex_);
        if (!stopping_ && std::exchange(again_, false)) continue;
        finished_ = !stopping_;
        break;
    }
    plan_.receiver->close();
    changed_.notify_all();
}

void Forwarder::forward() {
    while (!is_stopping()) {
        // Asked before reading: what was written until then is read below.
        const bool last_round = plan_.ended();
        fill();
        note_acknowledged();
        if (plan_.receiver->has_hung_up()) {
            note_away(Error(ErrorCode::kUnavailable, "the receiver has closed the connection"));
            rewind();
            continue;
        }
        if (outbox_.empty()) {
            if (last_round && sent_.empty()) return;
            idle_ = std::min(idle_ * 2, kLongestIdle);
            pause(sent_.empty() ? idle_ : kAck);
        } else if (sent_bytes_ - (sent_.empty() ? sent_bytes_ : sent_.front().end) > kMostUnacknowledged) {
            pause(kAck);
        } else if (reach()) {
            send();
        }
    }
    // What is on its way may still arrive, and need not be repeated then.
    const auto end = std::chrono::steady_clock::now() + kLastAck;
    for (note_acknowledged(); !sent_.empty() && std::chrono::steady_clock::now() < end; note_acknowledged()) {
        std::this_thread::sleep_for(kAck);
    }
}

// Reads up to a batch ahead.
void Forwarder::fill() {
    size_t bytes = 0;
    for (const Message& message : outbox_) bytes += message.text.size();
    while (outbox_.size() < kBatchMessages && bytes < kBatchBytes) {
        LogLine line;
        auto got = cursor_->next(line);
        if (!got) {
            if (!std::exchange(unreadable_, true)) say("cannot be read: " + got.error().message());
            return;
        }
        unreadable_ = false;
        if (!*got) return;
        idle_ = kFirstIdle;
        const LogPosition after = *cursor_->position();
        if (cursor_->take_gap()) {
            outbox_.push_back(
                loss_message("log records are missing here: they were removed by the log's rotation before "
                             "the receiver took them",
                             after));
        }
        outbox_.push_back({plan_.format(line), after, false});
        bytes += outbox_.back().text.size();
    }
}

bool Forwarder::reach() {
    if (plan_.receiver->is_open()) return true;
    Status opened = plan_.receiver->open([this] { return !is_stopping(); });
    sent_bytes_ = 0;
    if (opened) return true;
    note_away(opened.error());
    (void)cursor_->look();  // fill() tells of a log that cannot be read
    cut_backlog();
    pause(retry_);
    retry_ = std::min(retry_ * 2, kLongestRetry);
    return false;
}

void Forwarder::send() {
    std::vector<std::string> texts;
    for (const Message& message : outbox_) texts.push_back(message.text);
    size_t accepted = 0;
    auto looked = std::chrono::steady_clock::now();
    const Status done = plan_.receiver->send(texts, accepted, [&] {
        // One that reads slowly is as good as away: rotation goes on.
        if (std::chrono::steady_clock::now() - looked > kLongestRetry) {
            looked = std::chrono::steady_clock::now();
            (void)cursor_->look();
        }
        return !is_stopping();
    });
    for (; accepted > 0; --accepted) {
        sent_bytes_ += outbox_.front().text.size();
        if (outbox_.front().tells_of_loss) cut_records_ = 0;
        sent_.push_back({sent_bytes_, outbox_.front().after});
        outbox_.pop_front();
    }
    if (done) {
        retry_ = kFirstRetry;
        const std::lock_guard lock(mutex_);
        if (std::exchange(away_, false)) say("is forwarded again");
        return;
    }
    if (done.error().code() == ErrorCode::kCancelled) return;
    note_away(done.error());
    rewind();
    pause(retry_);
    retry_ = std::min(retry_ * 2, kLongestRetry);
}

void Forwarder::note_acknowledged() {
    if (sent_.empty()) return;
    const uint64_t open = std::min(plan_.receiver->unacknowledged(), sent_bytes_);
    std::optional<LogPosition> last;
    while (!sent_.empty() && sent_.front().end <= sent_bytes_ - open) {
        last = sent_.front().after;
        sent_.pop_front();
    }
    if (last) keep(*last);
}

void Forwarder::keep(const LogPosition& position) {
    acknowledged_ = position;
    if (Status saved = position_file_.save(position); !saved) say(saved.error().message() + ", ignoring");
}

// What was accepted and not acknowledged is sent again.
void Forwarder::rewind() {
    plan_.receiver->close();
    note_acknowledged();  // datagrams are
    if (sent_.empty()) return;
    sent_.clear();
    outbox_.clear();
    cursor_.emplace(plan_.log, acknowledged_);
}

// Only while the receiver is away: everything that is not on its way is in the outbox or unread.
void Forwarder::cut_backlog() {
    if (plan_.max_backlog_bytes == 0) return;
    uint64_t waiting = cursor_->unread_bytes();
    for (const Message& message : outbox_) waiting += message.text.size();
    if (waiting <= plan_.max_backlog_bytes) return;
    for (const Message& message : outbox_) cut_records_ += message.tells_of_loss ? 0 : 1;
    outbox_.clear();
    LogLine line;
    while (cursor_->unread_bytes() > plan_.max_backlog_bytes) {
        auto got = cursor_->next(line);
        if (!got || !*got) break;
        ++cut_records_;
    }
    if (const auto after = cursor_->position()) {
        outbox_.push_back(
            loss_message(std::to_string(cut_records_) +
                             " log records are missing here: more than max-buffer-size had to wait for the "
                             "receiver",
                         *after));
    }
}

Forwarder::Message Forwarder::loss_message(const std::string& text, const LogPosition& after) const {
    LogLine line;
    line.stream = "stderr";
    line.when = unix_now();
    line.text = "slipway: " + text + "\n";
    return {plan_.format(line), after, true};
}

void Forwarder::note_away(const Error& why) {
    if (why.code() == ErrorCode::kCancelled) return;
    bool was_away = false;
    {
        const std::lock_guard lock(mutex_);
        was_away = std::exchange(away_, true);
    }
    changed_.notify_all();
    if (!was_away) say("cannot be forwarded now: " + why.message());
}

}  // namespace slipway::core
