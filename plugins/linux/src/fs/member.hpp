// plugins/linux/src/fs/member.hpp - one member of a layer's archive, checked; pure data.
#pragma once

#include <slipway/cpp/error.hpp>

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::linux_backend {

// What an attacker-made archive may cost. R9 of the security rules: every number it brings is bounded.
struct ImportLimits {
    uint64_t max_entries = 4'000'000;
    uint64_t max_total_bytes = uint64_t{256} << 30;   // of regular files as their headers say; holes count
    uint64_t max_header_bytes = uint64_t{8} << 20;    // of one member: long names, pax records, sparse maps
    uint64_t max_trailer_bytes = uint64_t{64} << 20;  // after the end mark: padding, or garbage that is ignored
    size_t max_path = 4095;                           // PATH_MAX without its terminator
    size_t max_name = 255;                            // NAME_MAX
    // Device nodes, owners and overlay marks need root. Without it owners are ignored and devices refused.
    bool privileged = true;
    // A leading slash means the top directory, as in what is copied out of a container's "/". Refused otherwise.
    bool take_absolute = false;
};

enum class MemberType { kFile, kDirectory, kSymlink, kHardLink, kCharDevice, kBlockDevice, kFifo };

struct Member {
    MemberType type = MemberType::kFile;
    std::string path;  // relative and normal; empty for the layer's root
    std::string link;  // kSymlink: as it is; kHardLink: relative and normal
    mode_t mode = 0;   // permission bits, set-user-ID and friends
    uid_t uid = 0;
    gid_t gid = 0;
    dev_t device = 0;
    uint64_t size = 0;
    std::optional<timespec> mtime;
    std::vector<std::pair<std::string, std::string>> xattrs;  // only names that keep_xattr() accepts
};

// The normal form of a member's name: no leading "./", no "." parts, no doubled or trailing slash; "" for the root.
// kInvalidArgument, resource naming the member, for empty and (unless limits.take_absolute) absolute names, "..", and
// what no file system takes.
Result<std::string> clean_member_path(std::string_view name, const ImportLimits& limits);

// Splits a normal path: "a/b/c" is {"a/b", "c"}, "c" is {"", "c"}.
std::pair<std::string, std::string> split_path(const std::string& path);

enum class Whiteout {
    kNone,
    kHide,     // ".wh.NAME": NAME of the layers below is gone
    kOpaque,   // ".wh..wh..opq": all of the directory's content below is gone
    kIgnored,  // other ".wh..wh.*": bookkeeping of aufs
    kBad,      // ".wh.", ".wh.." and ".wh...": would hide nothing, the directory or its parent
};

// What the last part of a path means in a layer. `hidden` is set for kHide.
Whiteout classify_whiteout(const std::string& base, std::string& hidden);

// The attributes a layer may bring: file capabilities and the user's own, not what steers overlayfs.
bool keep_xattr(std::string_view name);

// `name` for a message: printable ASCII and valid UTF-8 stay, the rest becomes '?', long names are cut.
std::string printable(std::string_view name);

// kInvalidArgument about one member.
Error bad_member(std::string_view name, const std::string& why);

}  // namespace slipway::linux_backend
