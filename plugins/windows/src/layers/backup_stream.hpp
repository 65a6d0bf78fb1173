// plugins/windows/src/layers/backup_stream.hpp - the streams a file consists of, one after the other, as BackupRead
// gives and BackupWrite takes them: each a WIN32_STREAM_ID and its bytes.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace slipway::windows_backend {

enum class StreamId : uint32_t {
    kData = 1,
    kExtendedAttributes = 2,
    kSecurity = 3,
    kAlternateData = 4,
    kLink = 5,
    kProperty = 6,
    kObjectId = 7,
    kReparse = 8,
    kSparseBlock = 9,  // begins with its offset in the file, eight bytes
    kTransaction = 10,
};

constexpr uint32_t kStreamIsSecurity = 2;
constexpr uint32_t kStreamIsSparse = 8;

struct StreamHeader {
    StreamId id = StreamId::kData;
    uint32_t attributes = 0;
    uint64_t size = 0;
    std::string name;  // UTF-8, of alternate data: ":name:$DATA"

    bool operator==(const StreamHeader&) const = default;
};

std::string encode_stream_header(const StreamHeader& header);

// Reads streams one after the other. Hostile input: nothing is taken for larger than what is there.
class BackupStreamReader {
public:
    // Stores up to so many bytes and says how many; 0 at the end.
    using Read = std::function<Result<size_t>(char* buffer, size_t capacity)>;
    explicit BackupStreamReader(Read read) : read_(std::move(read)) {}

    // The next stream; nothing at the end. What was not read of the one before is read over.
    //   kInvalidArgument  cut off, an unknown id, a name that is too long
    Result<std::optional<StreamHeader>> next();
    // Up to `capacity` bytes of the stream; 0 at its end. kInvalidArgument: cut off.
    Result<size_t> read(char* buffer, size_t capacity);
    // The rest of the stream. kInvalidArgument: more than `most` bytes.
    Result<std::string> read_all(size_t most = 1 << 20);

private:
    // Fewer bytes than asked for only at the end.
    Result<size_t> fill(char* buffer, size_t size);

    Read read_;
    uint64_t left_ = 0;
};

}  // namespace slipway::windows_backend
