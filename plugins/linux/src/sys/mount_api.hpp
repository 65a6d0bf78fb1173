// plugins/linux/src/sys/mount_api.hpp - the file-descriptor based mount calls, one thin wrapper each.
//
// Everything here works on detached mounts: trees that exist only behind a descriptor until somebody attaches them, so
// a half-built one never shows in the host's mount table and disappears with its descriptor.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <cstdint>
#include <string>

namespace slipway::linux_backend {

// open_tree(OPEN_TREE_CLONE) of what `fd` refers to; `recursive` takes the mounts below along. `name` is for messages.
// The clone keeps the source's propagation until set_mount_attributes() changes it.
Result<UniqueFd> clone_tree(int fd, bool recursive, const std::string& name);

// What mount_setattr() changes. Bits are MOUNT_ATTR_*, propagation one of MS_PRIVATE, MS_SLAVE, MS_SHARED or 0.
struct MountAttributes {
    uint64_t set = 0;
    uint64_t clear = 0;
    uint64_t propagation = 0;
};

// mount_setattr() on the mount whose root `tree` is; Linux 5.12. `recursive` covers the mounts below: all or none.
Status set_mount_attributes(int tree, const MountAttributes& attributes, bool recursive, const std::string& name);

// Gives the detached mount `tree` an ID map: what belongs to id n on disk belongs to id n of `user_namespace` there.
// Linux 5.12, and a file system that has it (ext4 5.12, xfs 5.12, btrfs 5.15, overlayfs layers 5.19, tmpfs 6.3).
//   kUnimplemented  the kernel or the file system does not have it; the message names the object
Status map_mount_ids(int tree, int user_namespace, bool recursive, const std::string& name);

// A detached, private clone of the mount at the directory `fd`, ID-mapped.
Result<UniqueFd> clone_mapped(int fd, int user_namespace, const std::string& name);

// move_mount(): attaches the detached `tree` over the directory or file `target`. `name` is the target, for messages.
Status attach_tree(int tree, int target, const std::string& name);

// A file system under construction: fsopen(), fsconfig() and fsmount(). When a step fails, the message carries what the
// kernel wrote into the context's own log ("overlay: ..."), which is more than errno can say.
class FsContext {
public:
    static Result<FsContext> open(const std::string& type);

    // The kernel takes at most 255 bytes as `value`.
    Status set_string(const std::string& key, const std::string& value);
    Status set_fd(const std::string& key, int fd);

    // Makes the superblock and a detached mount of it with `mount_attributes` (MOUNT_ATTR_*).
    Result<UniqueFd> mount(uint64_t mount_attributes);

private:
    FsContext(std::string type, UniqueFd fd) : type_(std::move(type)), fd_(std::move(fd)) {}

    Error failed(int err, const std::string& operation) const;

    std::string type_;
    UniqueFd fd_;
};

}  // namespace slipway::linux_backend
