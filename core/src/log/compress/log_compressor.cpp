#include "log/compress/log_compressor.hpp"

#include "log/compress/rotated_file.hpp"
#include "log/log_file.hpp"

#include <Poco/DeflatingStream.h>

#include <fstream>
#include <vector>

namespace slipway::core {

namespace {

constexpr std::chrono::milliseconds kPause{1000};  // rotations come seconds apart where they are many

// The rotated files that are not compressed, oldest first.
std::vector<std::filesystem::path> plain_files(const std::filesystem::path& log) {
    std::vector<std::filesystem::path> files;
    unsigned missing = 0;
    for (unsigned number = 1; number <= kMostLogFiles && missing < 2; ++number) {
        const std::filesystem::path name = numbered_log(log, number);
        std::error_code unreadable;
        const bool is_plain = std::filesystem::exists(name, unreadable);
        if (is_plain) files.insert(files.begin(), name);
        missing = is_plain || std::filesystem::exists(packed_log(name), unreadable) ? 0 : missing + 1;
    }
    return files;
}

Status deflate(const RotatedFile& from, const std::filesystem::path& to, const std::function<bool()>& stopped) {
    std::ofstream file(to, std::ios::binary | std::ios::trunc);
    std::error_code kept;
    using std::filesystem::perms;
    std::filesystem::permissions(to, perms::owner_read | perms::owner_write | perms::group_read, kept);
    Poco::DeflatingOutputStream packed(file, Poco::DeflatingStreamBuf::STREAM_GZIP);
    Status read = from.read([&](std::string_view piece) {
        return !stopped() && packed.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    });
    if (!read && !stopped()) return Error(ErrorCode::kSystem, "write '" + to.string() + "' failed");
    if (!read) return read;
    packed.close();
    file.close();
    if (!file) return Error(ErrorCode::kSystem, "write '" + to.string() + "' failed");
    return ok();
}

}  // namespace

Result<size_t> compress_rotated_files(const std::filesystem::path& log, const std::function<bool()>& stopped) {
    const std::filesystem::path unfinished = log.string() + ".gz.tmp";
    std::error_code gone;
    std::filesystem::remove(unfinished, gone);
    size_t count = 0;
    for (const std::filesystem::path& name : plain_files(log)) {
        const Result<RotatedFile> file = RotatedFile::open(name);
        if (!file && file.error().code() == ErrorCode::kNotFound) continue;  // rotated: next time
        if (!file) return file.error();
        Status done = deflate(*file, unfinished, stopped);
        if (done) done = file->replace(log, unfinished);
        if (!done) std::filesystem::remove(unfinished, gone);
        if (!done && done.error().code() == ErrorCode::kCancelled) return count;
        if (!done && done.error().code() != ErrorCode::kNotFound) return std::move(done).error();
        if (done) ++count;
    }
    return count;
}

void LogCompressor::watch(const std::string& id, std::filesystem::path path, std::function<bool()> ended) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    watched_[id] = {std::move(path), std::move(ended)};
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_all();
}

void LogCompressor::forget(const std::string& id) {
    std::unique_lock lock(mutex_);
    watched_.erase(id);
    changed_.wait(lock, [&] { return current_ != id; });
}

void LogCompressor::stop() {
    std::thread ending;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        ending.swap(thread_);
    }
    changed_.notify_all();
    if (ending.joinable()) ending.join();
}

void LogCompressor::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        pass(lock);
        if (stopping_) return;
        if (watched_.empty()) {
            changed_.wait(lock);
        } else {
            changed_.wait_for(lock, kPause, [this] { return stopping_; });
        }
    }
}

void LogCompressor::pass(std::unique_lock<std::mutex>& lock) {
    std::vector<std::string> ids;
    for (const auto& [id, watched] : watched_) ids.push_back(id);
    for (const std::string& id : ids) {
        const auto found = watched_.find(id);
        if (found == watched_.end() || stopping_) continue;
        const Watched watched = found->second;
        current_ = id;
        lock.unlock();
        const bool has_ended = watched.ended();  // asked first: what was rotated until then is seen below
        const auto stopped = [&] {
            const std::lock_guard asking(mutex_);
            return stopping_ || !watched_.contains(id);
        };
        const Result<size_t> done = compress_rotated_files(watched.path, stopped);
        if (!done && log_) log_(LogLevel::kWarn, "log of container " + id + ": " + done.error().message());
        lock.lock();
        current_.clear();
        // One that failed would fail again each second: it is left for the next start or daemon.
        if (has_ended || !done) watched_.erase(id);
        changed_.notify_all();
    }
}

}  // namespace slipway::core
