// core/src/log/forward/log_cursor.hpp - reads the records of a log one after the other, from a place that is kept
// elsewhere, across rotations, and says where rotation was faster.
#pragma once

#include "log/forward/log_position.hpp"

#include <slipway/core/engine.hpp>

#include <deque>
#include <optional>

namespace slipway::core {

// Not safe for concurrent use.
class LogCursor {
public:
    // Begins behind `from`, or with the oldest record there is.
    LogCursor(std::filesystem::path path, const std::optional<LogPosition>& from);

    // The next complete record; false: there is none now. Lines that are no records are passed over.
    Result<bool> next(LogLine& line);

    // Behind the record that next() gave last, or where it began; nullopt before the first of an empty log.
    std::optional<LogPosition> position() const;

    // Looks which files there are. What is rotated away between two looks is lost without its size being known.
    Status look();

    // Bytes that were not read yet; as of the last look, but for the file being read.
    uint64_t unread_bytes();

    // Whether records before the next one are missing, because their file was removed first. Resets it.
    bool take_gap() { return std::exchange(gap_, false); }

private:
    struct Waiting {
        LogSignature signature;
        uint64_t bytes = 0;
        bool gap_before = false;
    };
    Status begin();
    Result<bool> advance();

    const std::filesystem::path path_;
    std::optional<LogPosition> from_;  // until the first file is open
    std::optional<LogFile> current_;
    std::deque<Waiting> waiting_;  // rotated or new ones behind current_, oldest first
    std::optional<LogPosition> position_;
    bool gap_ = false;
    bool ends_ = false;  // the writer is done with current_: one more read and it is finished
};

}  // namespace slipway::core
