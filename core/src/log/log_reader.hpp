// core/src/log/log_reader.hpp - reads Docker's json-file logs: one JSON object a line, {"log": "text\n", "stream":
// "stdout", "time": "RFC 3339"}, in `path` and the rotated files path.1 (newest), path.2, ...
//
// The writer (the container's supervisor) appends whole records, and rotates by renaming: path.(n-1) to path.n, ...,
// path to path.1, then creates a new path. A reader that has the old file open goes on to its end first.
#pragma once

#include <slipway/core/engine.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>

namespace slipway::core {

struct LogReadReport {
    uint64_t lines = 0;    // given to the sink
    uint64_t damaged = 0;  // places where records could not be read and were skipped to the next newline
};

struct LogFollow {
    // True once nobody writes any more; what was written before it answered so is still read.
    std::function<bool()> ended;
    std::function<bool()> cancelled;  // may be empty
};

// Reads on the calling thread: rotated files oldest first, then the current one. Applies stream choice, since, until
// and tail (which counts lines of the chosen streams in the time window). With options.follow it waits for more,
// polling every 10 ms while output flows and up to 100 ms when it rests, until `follow.ended`, `follow.cancelled` or
// the sink says stop, or `until` has passed.
//
// A file that is not there counts as empty. A record longer than 16 MiB, cut short or not valid is skipped and counted.
// kSystem when a file that exists cannot be read.
Result<LogReadReport> read_log(const std::filesystem::path& path, const LogOptions& options, const LogSink& sink,
                               const LogFollow& follow);

}  // namespace slipway::core
