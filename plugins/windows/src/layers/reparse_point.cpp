#include <layers/reparse_point.hpp>

#include <documents/bytes.hpp>
#include <raw/utf16.hpp>

#include <cstdio>

namespace slipway::windows_backend {
namespace {

// MAXIMUM_REPARSE_DATA_BUFFER_SIZE
constexpr size_t kMostBytes = 16 * 1024;
// Tag, length of what follows, reserved; then the places of two names, and for symbolic links flags.
constexpr size_t kHead = 8, kPlaces = 8, kFlags = 4;
constexpr uint32_t kRelative = 1;

bool has_drive(std::string_view path) {
    return path.size() >= 2 && path[1] == ':' &&
           ((path[0] >= 'a' && path[0] <= 'z') || (path[0] >= 'A' && path[0] <= 'Z'));
}

// The name that the kernel resolves: below \??\ unless it is relative to the link or to the drive it is on.
std::string kernel_name(const std::string& target, bool& relative) {
    relative = false;
    if (target.starts_with(R"(\\?\)")) return R"(\??\)" + target.substr(4);
    if (target.starts_with(R"(\\)")) return R"(\??\UNC\)" + target.substr(2);
    if (has_drive(target)) return R"(\??\)" + target;
    relative = true;
    return target;
}

std::string shown_name(const std::string& name) {
    if (name.starts_with(R"(\??\UNC\)")) return R"(\\)" + name.substr(8);
    if (!name.starts_with(R"(\??\)")) return name;
    return has_drive(std::string_view(name).substr(4)) ? name.substr(4) : R"(\\?\)" + name.substr(4);
}

}  // namespace

Result<std::string> encode_reparse(const ReparsePoint& point) {
    if (point.target.empty() || point.target.find('\0') != std::string::npos) {
        return Error(ErrorCode::kInvalidArgument, "a link needs a target");
    }
    bool relative = false;
    const std::u16string name = to_utf16(kernel_name(point.target, relative)), shown = to_utf16(point.target);
    const size_t flags = point.mount_point ? 0 : kFlags;
    // Both names end in a NUL that their lengths do not count.
    const size_t size = kPlaces + flags + (name.size() + 1 + shown.size() + 1) * 2;
    if (kHead + size > kMostBytes) return Error(ErrorCode::kInvalidArgument, "a link's target is too long");
    std::string buffer;
    put<uint32_t>(buffer, point.mount_point ? kTagMountPoint : kTagSymbolicLink);
    put<uint16_t>(buffer, static_cast<uint16_t>(size));
    put<uint16_t>(buffer, 0);
    put<uint16_t>(buffer, 0);
    put<uint16_t>(buffer, static_cast<uint16_t>(name.size() * 2));
    put<uint16_t>(buffer, static_cast<uint16_t>((name.size() + 1) * 2));
    put<uint16_t>(buffer, static_cast<uint16_t>(shown.size() * 2));
    if (!point.mount_point) put<uint32_t>(buffer, relative ? kRelative : 0);
    put_utf16(buffer, name);
    put<uint16_t>(buffer, 0);
    put_utf16(buffer, shown);
    put<uint16_t>(buffer, 0);
    return buffer;
}

Result<ReparsePoint> decode_reparse(std::string_view buffer) {
    if (buffer.size() < kHead || buffer.size() > kMostBytes || get<uint16_t>(buffer, 4) != buffer.size() - kHead) {
        return Error(ErrorCode::kInvalidArgument, "a reparse point has a wrong length");
    }
    const uint32_t tag = get<uint32_t>(buffer, 0);
    if (tag != kTagMountPoint && tag != kTagSymbolicLink) {
        char number[16];
        std::snprintf(number, sizeof(number), "0x%08X", static_cast<unsigned>(tag));
        return Error(ErrorCode::kUnimplemented,
                     std::string("the reparse tag ") + number + " is neither that of a link nor of a mount point");
    }
    const bool mount_point = tag == kTagMountPoint;
    const size_t names = kHead + kPlaces + (mount_point ? 0 : kFlags);
    if (buffer.size() < names) return Error(ErrorCode::kInvalidArgument, "a reparse point has a wrong length");
    const size_t offset = get<uint16_t>(buffer, kHead), size = get<uint16_t>(buffer, kHead + 2);
    if (size == 0 || size % 2 != 0 || names + offset + size > buffer.size()) {
        return Error(ErrorCode::kInvalidArgument, "a reparse point's name is not inside of it");
    }
    return ReparsePoint{shown_name(to_utf8(get_utf16(buffer, names + offset, size))), mount_point};
}

}  // namespace slipway::windows_backend
