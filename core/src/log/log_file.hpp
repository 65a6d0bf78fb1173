// core/src/log/log_file.hpp - one file of a log: its identity, its lines from a place on, and its lines from the end.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::core {

class CompressedLog;  // log/compress/compressed_log.hpp

inline constexpr size_t kLongestRecord = size_t{16} << 20;
inline constexpr unsigned kMostLogFiles = 1000;  // as HostConfig.LogConfig max-file allows

// Where a rotation moves `log` to: "<log>.1" is the newest. And the name of such a file once it is compressed.
std::filesystem::path numbered_log(const std::filesystem::path& log, unsigned number);
std::filesystem::path packed_log(const std::filesystem::path& rotated);

// Tells files of one log apart after they were renamed, on any platform: length and hash of the first line, which holds
// a time in nanoseconds. None while the first line is not complete.
struct LogSignature {
    uint64_t length = 0, hash = 0;
    friend bool operator==(const LogSignature&, const LogSignature&) = default;
};

class LogFile {
public:
    // nullopt when there is no such file. One whose name ends in ".gz" is read as what was compressed.
    static Result<std::optional<LogFile>> open(const std::filesystem::path& path);
    LogFile(LogFile&&) noexcept;
    LogFile& operator=(LogFile&&) noexcept;
    ~LogFile();

    // Nobody appends to it, and its size is dear.
    bool is_compressed() const { return packed_ != nullptr; }
    // It does not hold all that was compressed.
    bool is_damaged() const;

    const std::optional<LogSignature>& signature() const { return signature_; }
    // Reads the first line again if it was incomplete.
    void refresh_signature();

    uint64_t size();
    uint64_t offset() const { return offset_ + consumed_ + given_; }  // of the next line
    void seek(uint64_t offset);

    enum class Next { kLine, kTooLong, kEnd };
    // The next complete line before `limit`, without its newline, valid until the next call. kTooLong: a line over
    // kLongestRecord was skipped. kEnd: no complete line is there now; more may come later.
    Next next(std::string_view& line, uint64_t limit);

    // Calls `wanted` with complete lines before `end`, last first, until it answers false. Returns the offset of the
    // line it stopped at, 0 when all were taken. Lines over kLongestRecord are passed as empty text.
    uint64_t scan_back(uint64_t end, const std::function<bool(std::string_view)>& wanted);

private:
    explicit LogFile(std::unique_ptr<std::istream> stream);

    size_t read_at(uint64_t offset, char* to, size_t size);
    bool fill(uint64_t limit);

    std::unique_ptr<std::istream> stream_;
    std::unique_ptr<CompressedLog> packed_;  // in place of stream_
    std::optional<LogSignature> signature_;
    std::string buffer_;     // read ahead
    uint64_t offset_ = 0;    // where buffer_ begins in the file
    size_t consumed_ = 0;    // bytes of buffer_ that are done with
    size_t given_ = 0;       // bytes after them that the last line took
    size_t scanned_ = 0;     // bytes after those known to hold no newline
    bool skipping_ = false;  // inside a line that is too long
};

// The files there are, oldest first: path.n ... path.1, path; each rotated one as it is or compressed. Never misses a
// file that a running rotation renames.
Result<std::vector<LogFile>> open_log_files(const std::filesystem::path& path);

}  // namespace slipway::core
