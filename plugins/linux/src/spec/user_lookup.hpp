// plugins/linux/src/spec/user_lookup.hpp - who a container runs as, from Config.User and the image's user database.
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::linux_backend {

struct UserIdentity {
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::vector<uint32_t> groups;  // all of them; the primary one always first, so that group permissions bind
    std::string home = "/";
};

// The text of the image's /etc/passwd and /etc/group; empty when it has none.
struct UserDatabase {
    std::string passwd;
    std::string group;
};

// Reads both below `root_fd` (1 MiB each at most), or nothing when `root_fd` is negative.
Result<UserDatabase> read_user_database(int root_fd);

// Resolves "", "user", "uid", "user:group", ":group"... and the names or numbers of HostConfig.GroupAdd. Digits are
// always a number and never looked up as a name; a number needs no entry. Numbers with a sign, blanks, leading zeros or
// beyond 2147483647 are refused, as are lines of the database that hold such.
//   kInvalidArgument  with Docker's text: "unable to find user x: no matching entries in passwd file"
Result<UserIdentity> resolve_user(const std::string& user, const std::vector<std::string>& group_add,
                                  const UserDatabase& database);

}  // namespace slipway::linux_backend
