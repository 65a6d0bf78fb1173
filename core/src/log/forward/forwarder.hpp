// core/src/log/forward/forwarder.hpp - sends the records of one container's log to a receiver, as they come.
//
// The log file is the source and the buffer: a container never waits for a receiver, and `docker logs` reads the same
// file. A thread reads it from the place that a position file keeps, formats, and sends. The position follows what the
// receiver has taken over, so that a daemon that is killed repeats at most what was on its way, and loses nothing. A
// receiver that is away is tried again, at most 5 s apart. What rotation removes meanwhile, or what a limit of the
// backlog cuts off, is lost; the receiver is told so in place of it.
#pragma once

#include "log/forward/log_cursor.hpp"
#include "log/forward/receiver.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace slipway::core {

struct ForwardPlan {
    std::filesystem::path log;       // the current file
    std::filesystem::path position;  // where the place in it is kept
    std::unique_ptr<Receiver> receiver;
    std::function<std::string(const LogLine& line)> format;
    uint64_t max_backlog_bytes = 0;  // of the file, not sent yet; 0: as much as the files hold
    // True once nobody writes any more; what was written before it answered so is still sent.
    std::function<bool()> ended;
    std::function<void(const std::string& line)> log_line;  // for people: the receiver is away, is back
};

class Forwarder {
public:
    // Begins at once, on a thread of its own.
    explicit Forwarder(ForwardPlan plan);
    ~Forwarder() { stop(); }
    Forwarder(const Forwarder&) = delete;
    Forwarder& operator=(const Forwarder&) = delete;

    // The container runs again. False: the thread has ended, make another forwarder.
    bool go_on();

    // Waits until the log of an ended container was sent to its end: true. False when that takes longer than `patience`
    // or the receiver is away.
    bool drain(std::chrono::milliseconds patience);

    // Ends the thread, which keeps its place; stop() waits for it. Idempotent; not from the thread itself.
    void ask_to_stop();
    void stop();

private:
    struct Message {
        std::string text;
        LogPosition after;
        bool tells_of_loss = false;
    };
    struct Sent {
        uint64_t end = 0;  // bytes since the receiver was opened, this one included
        LogPosition after;
    };

    void run();
    void forward();
    void fill();
    bool reach();
    void send();
    void note_acknowledged();
    void keep(const LogPosition& position);
    void rewind();
    void cut_backlog();
    void note_away(const Error& why);
    void pause(std::chrono::milliseconds time);
    bool is_stopping() const;
    Message loss_message(const std::string& text, const LogPosition& after) const;
    void say(const std::string& line) const { plan_.log_line(line); }

    const ForwardPlan plan_;
    PositionFile position_file_;

    // Of the thread.
    std::optional<LogPosition> acknowledged_;
    std::optional<LogCursor> cursor_;
    std::deque<Message> outbox_;
    std::deque<Sent> sent_;
    uint64_t sent_bytes_ = 0;
    uint64_t cut_records_ = 0;  // not told yet
    std::chrono::milliseconds retry_, idle_;
    bool unreadable_ = false;

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    bool stopping_ = false;  // guarded by mutex_, as all below
    bool hurried_ = false;   // the next pause is cut short
    bool again_ = false;
    bool finished_ = false;
    bool away_ = false;

    std::thread thread_;
};

}  // namespace slipway::core
