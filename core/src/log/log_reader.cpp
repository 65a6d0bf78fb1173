#include "log/log_reader.hpp"

#include "log/log_file.hpp"
#include "log/record.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <thread>
#include <vector>

namespace slipway::core {

namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
constexpr std::chrono::milliseconds kShortestWait{10}, kLongestWait{100};

class LogReading {
public:
    LogReading(const std::filesystem::path& path, const LogOptions& options, const LogSink& sink,
               const LogFollow& follow)
        : path_(path), options_(options), sink_(sink), follow_(follow) {}

    Result<LogReadReport> run() {
        Result<std::vector<LogFile>> files = open_log_files(path_);
        if (!files) return std::move(files).error();
        // Where output ends now: without following, a program that writes faster than the client reads has no end.
        std::vector<uint64_t> ends;
        for (LogFile& file : *files) {
            ends.push_back(options_.follow || file.is_compressed() ? kNoLimit : file.size());
        }
        const size_t first = options_.tail >= 0 ? seek_tail(*files) : 0;

        for (size_t i = 0; i < files->size(); ++i) {
            const bool newest = i + 1 == files->size();
            if (i < first) {
                mark_done((*files)[i]);
            } else {
                drain((*files)[i], ends[i], !newest);
            }
            if (stopped_) return report_;
            if (newest) current_ = std::move((*files)[i]);
        }
        files->clear();  // with the room that compressed ones may have taken
        if (options_.follow) {
            if (Status followed = follow_on(); !followed) return std::move(followed).error();
        }
        count_cut_end();
        return report_;
    }

private:
    bool in_window(const LogLine& line) const {
        if (line.stream == "stdout" ? !options_.want_stdout : !options_.want_stderr) return false;
        return line.when >= options_.since && (options_.until == 0 || line.when <= options_.until);
    }

    // Puts each file where its part of the tail begins. Returns the index of the first file to read.
    size_t seek_tail(std::vector<LogFile>& files) {
        // One more than wanted is looked for, so that stopping means standing on the last line that is not wanted.
        int64_t remaining = options_.tail;
        for (size_t i = files.size(); i-- > 0;) {
            const uint64_t end = files[i].size();
            if (remaining == 0) {
                files[i].seek(end_of_lines(files[i], end));
                return i;
            }
            bool full = false;
            LogLine line;
            const uint64_t begin = files[i].scan_back(end, [&](std::string_view text) {
                if (parse_log_record(text, line) && in_window(line)) --remaining;
                full = remaining == 0;
                return !full;
            });
            files[i].seek(begin);
            if (full) return i;
        }
        return 0;
    }

    // Behind the last complete line: a record that is being written now belongs to what comes.
    static uint64_t end_of_lines(LogFile& file, uint64_t end) {
        uint64_t last = 0;
        bool any = false;
        const uint64_t begin = file.scan_back(end, [&](std::string_view text) {
            last = text.size() + 1;
            any = true;
            return false;
        });
        return any ? begin + last : 0;
    }

    void mark_done(LogFile& file) {
        file.refresh_signature();
        if (file.signature()) done_.push_back(*file.signature());
    }

    bool is_done(const LogFile& file) const {
        return file.signature() && std::find(done_.begin(), done_.end(), *file.signature()) != done_.end();
    }

    // Reads what is there. `closed`: nobody appends to this file any more, so an incomplete end is damage.
    void drain(LogFile& file, uint64_t limit, bool closed) {
        std::string_view text;
        LogLine line;
        while (!stopped_) {
            switch (file.next(text, limit)) {
                case LogFile::Next::kTooLong:
                    ++report_.damaged;
                    break;
                case LogFile::Next::kLine:
                    give(text, line);
                    break;
                case LogFile::Next::kEnd:
                    if (closed && (file.offset() < file.size() || file.is_damaged())) ++report_.damaged;
                    if (closed) mark_done(file);
                    return;
            }
        }
    }

    void give(std::string_view text, LogLine& line) {
        if (!parse_log_record(text, line, options_.details)) {
            ++report_.damaged;
            return;
        }
        if (!in_window(line)) return;
        ++report_.lines;
        // Asked between lines as well, so that a client that went away ends the reading of a huge log.
        stopped_ = !sink_(line) || (report_.lines % 256 == 0 && is_cancelled());
    }

    // Half a record that nobody will complete.
    void count_cut_end() {
        if (stopped_ || !current_ || !follow_.ended || !follow_.ended()) return;
        if (current_->offset() < current_->size()) ++report_.damaged;
    }

    bool is_cancelled() const { return follow_.cancelled && follow_.cancelled(); }

    Status follow_on() {
        std::chrono::milliseconds wait = kShortestWait;
        while (!stopped_ && !is_cancelled()) {
            // Asked before reading: what was written until then is read below.
            const bool last_round = !follow_.ended || follow_.ended();
            const bool past = options_.until != 0 && unix_now() > options_.until;
            const uint64_t before = report_.lines + report_.damaged;
            if (Status read = read_news(); !read) return read;
            if (last_round || past || stopped_) return ok();
            const bool flowing = report_.lines + report_.damaged != before;
            wait = flowing ? kShortestWait : std::min(wait * 3 / 2, kLongestWait);
            std::this_thread::sleep_for(wait);
        }
        return ok();
    }

    Status read_news() {
        // In this order: a first line that is complete in ours is complete in the named file too when they are the
        // same, and once the name stands for another file, the writer is done with ours, which is then read to its end.
        if (current_) current_->refresh_signature();
        Result<std::optional<LogFile>> named = LogFile::open(path_);
        if (!named) return std::move(named).error();
        if (current_) {
            const bool replaced = current_->signature() && *named && (*named)->signature() != current_->signature();
            drain(*current_, kNoLimit, replaced);
            if (!replaced) return ok();
        } else if (!*named) {
            return ok();
        }
        return read_newer_files();
    }

    // The log was rotated, perhaps more than once: goes through all files that were not read yet.
    Status read_newer_files() {
        Result<std::vector<LogFile>> files = open_log_files(path_);
        if (!files) return std::move(files).error();
        current_.reset();
        for (size_t i = 0; i < files->size() && !stopped_; ++i) {
            LogFile& file = (*files)[i];
            if (is_done(file)) continue;
            const bool newest = i + 1 == files->size();
            drain(file, kNoLimit, !newest);
            if (newest) current_ = std::move(file);
        }
        return ok();
    }

    const std::filesystem::path& path_;
    const LogOptions& options_;
    const LogSink& sink_;
    const LogFollow& follow_;

    LogReadReport report_;
    bool stopped_ = false;
    std::optional<LogFile> current_;  // the newest file, read up to its end
    std::vector<LogSignature> done_;  // files read to their end or left out by tail
};

}  // namespace

Result<LogReadReport> read_log(const std::filesystem::path& path, const LogOptions& options, const LogSink& sink,
                               const LogFollow& follow) {
    return LogReading(path, options, sink, follow).run();
}

}  // namespace slipway::core
