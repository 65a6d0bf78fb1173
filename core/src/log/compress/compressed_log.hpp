// core/src/log/compress/compressed_log.hpp - a file of a log as gzip, read as if it were not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace Poco {
class InflatingInputStream;
}

namespace slipway::core {

// Offsets and sizes are those of the text. Reading onwards costs no room; who goes back, or asks for the size before
// the end was met, has the text put into a file without a name beside the log. Not safe for concurrent use.
class CompressedLog {
public:
    // Takes the open file; `path` tells where there is room.
    CompressedLog(std::unique_ptr<std::istream> file, const std::filesystem::path& path);
    ~CompressedLog();

    size_t read_at(uint64_t offset, char* to, size_t size);
    uint64_t size();
    // Part of the text was not in the file.
    bool is_damaged() const { return is_damaged_; }

private:
    size_t inflate(char* to, size_t size);
    void rewind();
    void expand();

    std::unique_ptr<std::istream> file_;
    const std::filesystem::path directory_;
    std::unique_ptr<Poco::InflatingInputStream> text_;
    uint64_t position_ = 0;  // of text_
    bool is_at_end_ = false;
    bool is_damaged_ = false;
    std::string head_;       // the text's beginning, which is asked for again and again
    std::fstream expanded_;  // all of it, once that was needed
    uint64_t size_ = 0;      // then
};

}  // namespace slipway::core
