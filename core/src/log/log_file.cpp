#include "log/log_file.hpp"

#include "log/compress/compressed_log.hpp"
#include "sys/shared_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace slipway::core {

namespace {

constexpr size_t kChunk = size_t{64} << 10;

uint64_t hash_of(std::string_view text) {
    uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3ULL;
    }
    return hash;
}

}  // namespace

std::filesystem::path numbered_log(const std::filesystem::path& log, unsigned number) {
    std::filesystem::path name = log;
    return name += "." + std::to_string(number);
}

std::filesystem::path packed_log(const std::filesystem::path& rotated) {
    std::filesystem::path name = rotated;
    return name += ".gz";
}

LogFile::LogFile(std::unique_ptr<std::istream> stream) : stream_(std::move(stream)) {}
LogFile::LogFile(LogFile&&) noexcept = default;
LogFile& LogFile::operator=(LogFile&&) noexcept = default;
LogFile::~LogFile() = default;

bool LogFile::is_damaged() const {
    return packed_ != nullptr && packed_->is_damaged();
}

Result<std::optional<LogFile>> LogFile::open(const std::filesystem::path& path) {
    std::unique_ptr<std::istream> stream = open_shared(path);
    if (!stream) {
        const int err = errno;
        if (err == ENOENT) return std::optional<LogFile>();
        std::error_code unknown;
        if (!std::filesystem::exists(path, unknown) && !unknown) return std::optional<LogFile>();
        return Error::from_errno(err != 0 ? err : EIO, "open log '" + path.string() + "'");
    }
    const bool is_packed = path.extension() == ".gz";
    LogFile file(is_packed ? nullptr : std::move(stream));
    if (is_packed) file.packed_ = std::make_unique<CompressedLog>(std::move(stream), path);
    file.refresh_signature();
    return std::optional<LogFile>(std::move(file));
}

size_t LogFile::read_at(uint64_t offset, char* to, size_t size) {
    if (packed_ != nullptr) return packed_->read_at(offset, to, size);
    stream_->clear();  // the last read may have met the end, which has moved since
    stream_->seekg(static_cast<std::streamoff>(offset));
    stream_->read(to, static_cast<std::streamsize>(size));
    return static_cast<size_t>(std::max<std::streamsize>(stream_->gcount(), 0));
}

void LogFile::refresh_signature() {
    if (signature_) return;
    std::string line;
    while (line.size() <= kLongestRecord) {
        const size_t before = line.size();
        line.resize(before + (before == 0 ? size_t{4096} : kChunk));
        const size_t got = read_at(before, line.data() + before, line.size() - before);
        line.resize(before + got);
        const size_t newline = line.find('\n', before);
        if (newline != std::string::npos) {
            signature_ = LogSignature{newline, hash_of(std::string_view(line).substr(0, newline))};
            return;
        }
        if (got == 0) return;
    }
    // Longer than any record: its beginning has to do.
    signature_ = LogSignature{line.size(), hash_of(line)};
}

uint64_t LogFile::size() {
    if (packed_ != nullptr) return packed_->size();
    stream_->clear();
    stream_->seekg(0, std::ios::end);
    const std::streamoff end = stream_->tellg();
    return end < 0 ? 0 : static_cast<uint64_t>(end);
}

void LogFile::seek(uint64_t offset) {
    offset_ = offset;
    buffer_.clear();
    consumed_ = given_ = scanned_ = 0;
    skipping_ = false;
}

LogFile::Next LogFile::next(std::string_view& line, uint64_t limit) {
    // What the last call gave out is still at the front of the buffer.
    consumed_ += std::exchange(given_, 0);
    while (true) {
        const size_t newline = buffer_.find('\n', consumed_ + scanned_);
        if (newline != std::string::npos && offset_ + newline < limit) {
            const size_t length = newline - consumed_;
            line = std::string_view(buffer_).substr(consumed_, length);
            given_ = length + 1;
            scanned_ = 0;
            return std::exchange(skipping_, false) ? Next::kTooLong : Next::kLine;
        }
        if (newline != std::string::npos) return Next::kEnd;  // complete, but behind the limit
        scanned_ = buffer_.size() - consumed_;
        if (scanned_ > kLongestRecord) {
            skipping_ = true;
            consumed_ = buffer_.size();
            scanned_ = 0;
        }
        if (!fill(limit)) return Next::kEnd;
    }
}

// Drops what was consumed and reads one more chunk. False: nothing is there now.
bool LogFile::fill(uint64_t limit) {
    buffer_.erase(0, consumed_);
    offset_ += consumed_;
    consumed_ = 0;
    const uint64_t at = offset_ + buffer_.size();
    if (at >= limit) return false;
    const size_t before = buffer_.size();
    buffer_.resize(before + std::max(kChunk, before));  // grows by doubling, so long lines are not copied over and over
    const size_t got = read_at(at, buffer_.data() + before, buffer_.size() - before);
    buffer_.resize(before + got);
    return got > 0;
}

uint64_t LogFile::scan_back(uint64_t end, const std::function<bool(std::string_view)>& wanted) {
    std::string block;  // from `start` to the end of the line being put together
    uint64_t start = end;
    size_t step = kChunk;
    bool complete = false;  // the newline behind that line was seen; what follows the last one of all is no line yet
    bool too_long = false;  // the end of that line was dropped
    while (start > 0) {
        const size_t size = static_cast<size_t>(std::min<uint64_t>(step, start));
        std::string piece(size, '\0');
        start -= size;
        if (read_at(start, piece.data(), size) < size) return start;  // truncated by somebody
        block.insert(0, piece);

        size_t search = size;
        while (search > 0) {
            const size_t newline = block.rfind('\n', search - 1);
            if (newline == std::string::npos) break;
            const std::string_view text = too_long ? "" : std::string_view(block).substr(newline + 1);
            if (complete && !wanted(text)) return start + newline + 1;
            complete = true;
            too_long = false;
            block.resize(newline);
            search = newline;
            step = kChunk;
        }
        if (block.size() > kLongestRecord) {
            too_long = true;
            block.clear();
        }
        step = std::min(step * 2, kLongestRecord);  // so that a long line is not copied over and over
    }
    if (complete) (void)wanted(too_long ? "" : std::string_view(block));
    return 0;
}

Result<std::vector<LogFile>> open_log_files(const std::filesystem::path& path) {
    // Newest first: a rotation moves each file to the next higher number, so one that is not yet seen here cannot get
    // behind this walk. It may be met twice, which its signature shows.
    // At any moment one number may be missing: the one whose file just moved up.
    std::vector<LogFile> files;
    unsigned missing = 0;
    for (unsigned number = 0; number <= kMostLogFiles; ++number) {
        const std::filesystem::path name = number == 0 ? path : numbered_log(path, number);
        Result<std::optional<LogFile>> opened = LogFile::open(name);
        // The other is there before the first goes, so asking in this order finds one of them.
        if (opened && !*opened && number > 0) opened = LogFile::open(packed_log(name));
        if (!opened) return std::move(opened).error();
        missing = *opened ? 0 : missing + 1;
        if (missing > 1) break;
        if (!*opened) continue;
        const bool known = std::any_of(files.begin(), files.end(), [&](const LogFile& file) {
            return file.signature() && file.signature() == (*opened)->signature();
        });
        if (!known) files.push_back(std::move(**opened));
    }
    std::reverse(files.begin(), files.end());
    return files;
}

}  // namespace slipway::core
