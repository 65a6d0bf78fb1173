// daemon/src/subordinate_ids.hpp - the options userns-remap and userns-pool, with the files they stand on.
#pragma once

#include <slipway/core/user_namespace.hpp>
#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::daemon {

// One line of /etc/subuid or /etc/subgid: "name or id:first:count".
struct SubordinateRange {
    std::string owner;
    uint32_t first = 0, count = 0;

    bool operator==(const SubordinateRange&) const = default;
};

// The lines of such a file. Empty ones and comments are left out.
//   kInvalidArgument  a line is not of that form, or its ids do not fit; `path` and the line's number are named
Result<std::vector<SubordinateRange>> parse_subordinate_ids(const std::string& text, const std::string& path);

// Where the names and ranges of a machine are; others for tests.
struct IdentityFiles {
    std::string passwd = "/etc/passwd", group = "/etc/group", subuid = "/etc/subuid", subgid = "/etc/subgid";
};

// The map that `remap` asks for, as dockerd's option of this name: "user", "user:group", "uid", "uid:gid", or "default"
// for the user and group dockremap. Container ids from 0 on are the ranges of the user in subuid, and of the group (the
// user, without one) in subgid, in the order of the files.
//   kInvalidArgument  no such user or group, or it has no ranges; the message says where one was looked for
Result<core::IdMap> resolve_remap(const std::string& remap, const IdentityFiles& files = {});

// The pool: "first:count"; empty: the range that user "containers" has in both files, as for podman's --userns=auto, or
// none.
//   kInvalidArgument  not of that form, or too small for a single container
Result<core::IdPoolRange> resolve_pool(const std::string& pool, const IdentityFiles& files = {});

}  // namespace slipway::daemon
