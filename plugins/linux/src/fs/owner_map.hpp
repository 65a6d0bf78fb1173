// plugins/linux/src/fs/owner_map.hpp - owners as a container's user name space counts them, and as this machine does.
#pragma once

#include <slipway/cpp/error.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace slipway::linux_backend {

struct Owner {
    uid_t uid = 0;
    gid_t gid = 0;
    bool operator==(const Owner&) const = default;
};

// Without ranges everything is the same on both sides.
class OwnerMap {
public:
    OwnerMap() = default;
    // The content of /proc/<pid>/uid_map and gid_map. kDataLoss for anything else.
    static Result<OwnerMap> parse(std::string_view uids, std::string_view gids);

    // Nothing when the container has no such owner.
    std::optional<Owner> to_host(Owner inside) const;
    // 65534 for owners that the container does not have, as the kernel shows them to it.
    Owner to_container(Owner outside) const;

private:
    struct Range {
        uint32_t inside, outside, count;
    };
    static Result<std::vector<Range>> parse_ranges(std::string_view text);
    static std::optional<uint32_t> outside_of(const std::vector<Range>& ranges, uint32_t inside);
    static uint32_t inside_of(const std::vector<Range>& ranges, uint32_t outside);

    bool same_ = true;
    std::vector<Range> uids_, gids_;
};

}  // namespace slipway::linux_backend
