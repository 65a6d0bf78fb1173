// core/src/log/compress/log_compressor.hpp - compresses rotated log files behind their writers' backs, on one thread.
#pragma once

#include <slipway/core/engine.hpp>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace slipway::core {

// Compresses what there is of `log`'s rotated files, oldest first, and clears away what a compressor that was killed
// has left. Asks `stopped` now and then. The number of files compressed.
Result<size_t> compress_rotated_files(const std::filesystem::path& log, const std::function<bool()>& stopped);

// Safe for concurrent use.
class LogCompressor {
public:
    // `log` may be empty.
    explicit LogCompressor(LogFunction log) : log_(std::move(log)) {}
    ~LogCompressor() { stop(); }
    LogCompressor(const LogCompressor&) = delete;
    LogCompressor& operator=(const LogCompressor&) = delete;

    // Looks after the log of container `id` until `ended` says that nobody writes to it, and once more then.
    void watch(const std::string& id, std::filesystem::path path, std::function<bool()> ended);
    // Nothing of that container's directory is touched any more when this returns.
    void forget(const std::string& id);
    void stop();

private:
    struct Watched {
        std::filesystem::path path;
        std::function<bool()> ended;
    };
    void run();
    void pass(std::unique_lock<std::mutex>& lock);

    const LogFunction log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Watched> watched_;  // by container id; guarded by mutex_, as everything below
    std::string current_;                     // whose files the thread is at now
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace slipway::core
