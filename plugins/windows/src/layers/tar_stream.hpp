// plugins/windows/src/layers/tar_stream.hpp - reads a tar stream member by member: ustar, PAX and GNU long names.
#pragma once

#include <slipway/base.h>
#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace slipway::windows_backend {

struct TarMember {
    std::string name;  // as written, UTF-8
    std::string link;  // target of links
    char type = '0';   // '0' file, '1' hard link, '2' symbolic link, '5' directory, others as in ustar
    uint64_t size = 0;
    int64_t mtime = 0;                           // of the header; a record "mtime" is more exact
    std::map<std::string, std::string> records;  // PAX, such as MSWINDOWS.fileattr
};

// Hostile input: sizes are checked before memory is taken, records are at most 1 MiB.
class TarStream {
public:
    // `check` is asked before every read; its error ends the stream.
    TarStream(const slw_source& source, std::function<Status()> check) : source_(source), check_(std::move(check)) {}

    // The next member; nothing at the end. What was not read of the one before is skipped.
    //   kInvalidArgument  not a tar stream, or cut off
    Result<std::optional<TarMember>> next();
    // Up to `capacity` bytes of the member's content; 0 at its end.
    Result<size_t> read(char* buffer, size_t capacity);

private:
    Status fill(char* buffer, size_t size);
    Status skip_rest();
    Result<std::string> read_record(uint64_t size);
    Result<bool> read_header(TarMember& member);
    Status apply(const std::map<std::string, std::string>& records, TarMember& member) const;

    const slw_source& source_;
    std::function<Status()> check_;
    uint64_t left_ = 0;     // of the member's content
    uint64_t padding_ = 0;  // behind it
    bool any_ = false;
    std::map<std::string, std::string> global_;
};

}  // namespace slipway::windows_backend
