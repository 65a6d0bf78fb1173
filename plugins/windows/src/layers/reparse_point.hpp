// plugins/windows/src/layers/reparse_point.hpp - symbolic links and mount points as Windows stores them: a
// REPARSE_DATA_BUFFER.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string>
#include <string_view>

namespace slipway::windows_backend {

constexpr uint32_t kTagMountPoint = 0xA0000003;
constexpr uint32_t kTagSymbolicLink = 0xA000000C;

struct ReparsePoint {
    std::string target;  // UTF-8, as the link shows it: C:\x, \\?\Volume{...}\x, \\server\share, ..\x
    bool mount_point = false;

    bool operator==(const ReparsePoint&) const = default;
};

// kInvalidArgument: empty, with a NUL in it, or longer than a buffer can say (16 KiB).
Result<std::string> encode_reparse(const ReparsePoint& point);
//   kInvalidArgument  lengths and offsets that do not fit
//   kUnimplemented    another tag; the message has its number
Result<ReparsePoint> decode_reparse(std::string_view buffer);

}  // namespace slipway::windows_backend
