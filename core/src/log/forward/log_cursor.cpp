#include "log/forward/log_cursor.hpp"

#include "log/record.hpp"

#include <algorithm>
#include <limits>

namespace slipway::core {

namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

auto with_signature(std::vector<LogFile>& files, const LogSignature& wanted) {
    return std::find_if(files.begin(), files.end(), [&](const LogFile& file) { return file.signature() == wanted; });
}

}  // namespace

LogCursor::LogCursor(std::filesystem::path path, const std::optional<LogPosition>& from)
    : path_(std::move(path)), from_(from), position_(from) {}

Status LogCursor::begin() {
    auto files = open_log_files(path_);
    if (!files) return std::move(files).error();
    if (files->empty()) return ok();
    auto first = files->begin();
    if (from_) {
        first = with_signature(*files, from_->file);
        gap_ = gap_ || first == files->end();
        if (first == files->end()) first = files->begin();
    }
    current_ = std::move(*first);
    if (from_ && current_->signature() == from_->file) current_->seek(std::min(from_->offset, current_->size()));
    from_.reset();
    ends_ = false;
    return look();
}

Status LogCursor::look() {
    if (!current_) return ok();
    current_->refresh_signature();
    if (!current_->signature()) return ok();
    auto files = open_log_files(path_);
    if (!files) return std::move(files).error();
    const LogSignature newest = waiting_.empty() ? *current_->signature() : waiting_.back().signature;
    auto known = with_signature(*files, newest);
    // Rotated away since the last look: what came right behind it may have been, too.
    bool gap = known == files->end();
    for (auto file = known == files->end() ? files->begin() : known; file != files->end(); ++file) {
        if (!file->signature()) continue;
        const bool is_known = file->signature() == newest;
        if (!is_known) waiting_.push_back({*file->signature(), 0, std::exchange(gap, false)});
        if (!waiting_.empty() && waiting_.back().signature == file->signature()) waiting_.back().bytes = file->size();
    }
    return ok();
}

// To the oldest file behind the current one that is still there.
Result<bool> LogCursor::advance() {
    if (Status looked = look(); !looked) return std::move(looked).error();
    auto files = open_log_files(path_);
    if (!files) return std::move(files).error();
    while (!waiting_.empty()) {
        const LogSignature next = waiting_.front().signature;
        gap_ = gap_ || waiting_.front().gap_before;
        waiting_.pop_front();
        const auto file = with_signature(*files, next);
        if (file == files->end()) {
            gap_ = true;
            continue;
        }
        current_ = std::move(*file);
        position_ = LogPosition{next, 0};
        ends_ = false;
        return true;
    }
    return false;
}

Result<bool> LogCursor::next(LogLine& line) {
    while (true) {
        if (!current_) {
            if (Status begun = begin(); !begun) return std::move(begun).error();
            if (!current_) return false;
        }
        std::string_view text;
        const LogFile::Next got = current_->next(text, kNoLimit);
        if (got != LogFile::Next::kEnd) {
            current_->refresh_signature();
            if (!current_->signature()) return false;  // cannot be: a line was complete
            const bool is_record = got == LogFile::Next::kLine && parse_log_record(text, line);
            position_ = LogPosition{*current_->signature(), current_->offset()};
            if (is_record) return true;
            continue;
        }
        if (ends_) {
            auto advanced = advance();
            if (!advanced || !*advanced) return advanced;
            continue;
        }
        // In this order: a first line that is complete in ours is complete in the named file too when they are the
        // same.
        current_->refresh_signature();
        auto named = LogFile::open(path_);
        if (!named) return std::move(named).error();
        const bool replaced = *named && current_->signature() && (*named)->signature() != current_->signature();
        if (!replaced) return false;
        ends_ = true;  // what was appended between the two looks is read first
    }
}

std::optional<LogPosition> LogCursor::position() const {
    return position_;
}

uint64_t LogCursor::unread_bytes() {
    if (!current_) return 0;
    uint64_t bytes = current_->size() - std::min(current_->size(), current_->offset());
    for (const Waiting& file : waiting_) bytes += file.bytes;
    return bytes;
}

}  // namespace slipway::core
