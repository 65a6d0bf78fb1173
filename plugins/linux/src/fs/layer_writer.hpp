// plugins/linux/src/fs/layer_writer.hpp - turns archive members into files below one directory, and nowhere else.
#pragma once

#include <fs/member.hpp>
#include <fs/owner_map.hpp>
#include <slipway/cpp/error.hpp>
#include <sys/dir.hpp>
#include <sys/unique_fd.hpp>

#include <sys/stat.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace slipway::linux_backend {

// How members become files.
struct UnpackRules {
    // Not a new layer but a container's directory: its processes may change it at the same time, there may be mounts in
    // it, and its own attributes stay.
    bool live = false;
    bool keep_kinds = false;     // a directory may not replace something else, nor the reverse
    std::string shown;           // the directory as the container names it, for messages
    std::optional<Owner> owner;  // of everything; none: what the member says
    OwnerMap ids;                // from the owners above to those of this machine
};

// Every name is resolved with the layer's root as "/" and the last part is never followed, so links, however they
// point, end inside. Whoever changes the directory meanwhile may make a member end up elsewhere in it or fail, and
// nothing else: each file is made anew in an open directory and only touched by its descriptor, or by name without
// following. Later members replace earlier ones.
// Whiteouts become what overlayfs understands: a character device 0:0 for one name, an attribute for a whole directory.
class LayerWriter {
public:
    // `root` is borrowed, opened for reading.
    LayerWriter(int root, const ImportLimits& limits, UnpackRules rules = {})
        : root_(root), privileged_(limits.privileged), rules_(std::move(rules)) {}

    // True when the member is a whiteout and has been applied (or ignored); it is nothing else then.
    Result<bool> whiteout(const Member& member);

    Status directory(const Member& member);
    Status symlink(const Member& member);
    Status hard_link(const Member& member);
    Status node(const Member& member);  // device or fifo

    // A new, empty file, open for writing; finish_file() gives it its attributes once the data is in.
    Result<UniqueFd> file(const Member& member);
    Status finish_file(int fd, const Member& member);

    // Sets what later members would have changed again: the times of directories.
    Status finish();

private:
    enum class Found { kNothing, kDirectory, kWhiteout };

    int open_directory(int dir, const char* path, Links links) const noexcept;
    Status check_kinds(bool is_directory, const Member& member) const;
    Result<Owner> owner_of(const Member& member) const;
    Result<int> parent_of(const Member& member, const std::string& parent);
    Result<UniqueFd> open_or_make(const Member& member, const std::string& parent);
    Result<Found> make_way(int parent, const std::string& base, const Member& member);
    Status hide(int parent, const std::string& name, const Member& member);
    Status mark_opaque(int dir, const Member& member);
    Status set_attributes(int fd, const Member& member);
    void remember_time(const Member& member);

    const int root_;
    const bool privileged_;
    const UnpackRules rules_;
    // The last parent used; members of one directory usually follow each other. Dropped whenever a directory or link
    // is removed, because the name may lead elsewhere then.
    std::string parent_path_;
    UniqueFd parent_;
    std::map<std::string, timespec> directory_times_;
    size_t directory_time_bytes_ = 0;
};

}  // namespace slipway::linux_backend
