// plugins/linux/src/fs/tree_archiver.hpp - a file or directory of a container as tar members.
#pragma once

#include <fs/owner_map.hpp>
#include <fs/tar_writer.hpp>
#include <slipway/cpp/error.hpp>

#include <sys/stat.h>

#include <map>
#include <string>
#include <utility>

namespace slipway::linux_backend {

// Walks by descriptor: each name is opened without following, looked at, and read through what was looked at, whatever
// the name means by then. So no device is ever opened and no link followed. What goes away meanwhile is left out, and
// so are sockets, which no archive can hold, and the content of /proc and its like.
class TreeArchiver {
public:
    TreeArchiver(TarWriter& out, const OwnerMap& ids) : out_(out), ids_(ids) {}

    // `fd` (O_PATH) and everything below, as member `name`. "" for a top directory that is no member itself.
    Status add(int fd, const std::string& name);

private:
    Status add_below(int fd, const std::string& name, int depth);
    Status add_directory(int fd, Member member, int depth);
    Status add_file(int fd, Member member);
    Status add_children(int directory, const std::string& prefix, int depth);

    TarWriter& out_;
    const OwnerMap& ids_;
    std::map<std::pair<dev_t, ino_t>, std::string> links_;  // first name of a file with several
};

}  // namespace slipway::linux_backend
