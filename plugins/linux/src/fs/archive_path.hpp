// plugins/linux/src/fs/archive_path.hpp - finds what an archive request names in a container.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::linux_backend {

// A path as a client gave it, taken apart as Docker does: ".." is resolved in the text, before any link.
struct ArchivePath {
    std::string place;     // absolute and normal
    std::string name;      // the last part: "b" of "/a/b" and "/a/b/", "." of "/a/b/.", "/" of "/"
    bool follows = false;  // what a link at the end leads to is meant; else the link
    bool wants_directory = false;
};
ArchivePath parse_archive_path(std::string_view path);

// Something in a container, by descriptor: what it is does not change when its name does.
struct ArchiveObject {
    UniqueFd fd;  // O_PATH
    struct stat info {};
    uint64_t mount_id = 0;
};

// `root` is that of the container. Links lead where they do inside; magic links lead nowhere, and what /proc and other
// windows into the kernel show is not there.
//   kNotFound         resource is the path
//   kInvalidArgument  a part on the way is no directory, or too many links
Result<ArchiveObject> find_object(int root, const ArchivePath& path);

// An identity of the mount that `fd` is in.
Result<uint64_t> mount_id_of(int fd);

// What slw_archive_ops.stat writes.
nlohmann::json describe_object(int root, const ArchivePath& path, const ArchiveObject& object);

// Go's os.FileMode of a st_mode.
uint32_t go_mode(mode_t mode);

}  // namespace slipway::linux_backend
