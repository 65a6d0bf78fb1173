// core/src/log/compress/rotated_file.hpp - takes the place of a rotated log file, whatever its name is by then.
//
// A log's writer and the engine agree on this: "<log>.N.gz" is "<log>.N" compressed; whoever renames either of them
// holds a lock, and a rotation moves both. The lock is a flock on the directory; on Windows it is the file
// "<log>.rotating", which only one at a time can have open.
#pragma once

#include <slipway/base.h>
#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace slipway::core {

// A file that its writer is done with, known by what it is and not by its name.
class RotatedFile {
public:
    // kNotFound without one.
    static Result<RotatedFile> open(const std::filesystem::path& path);
    RotatedFile(RotatedFile&& other) noexcept;
    RotatedFile(const RotatedFile&) = delete;
    RotatedFile& operator=(const RotatedFile&) = delete;
    ~RotatedFile();

    // All of it, piece by piece; false from `piece` ends it as kCancelled.
    Status read(const std::function<bool(std::string_view)>& piece) const;

    // Puts the complete file `compressed` on disk and in this one's place among those of `log`, "<log>.N.gz" for its N.
    // Killed at any point, one of the two is there, or both. kNotFound: it was rotated away; `compressed` stays.
    Status replace(const std::filesystem::path& log, const std::filesystem::path& compressed) const;

private:
    explicit RotatedFile(slw_os_handle handle) : handle_(handle) {}
    slw_os_handle handle_ = SLW_NO_HANDLE;
};

}  // namespace slipway::core
