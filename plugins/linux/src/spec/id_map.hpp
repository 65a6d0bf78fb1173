// plugins/linux/src/spec/id_map.hpp - which ids of the host a container's users and groups are.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// `size` ids in a row, from `container` on inside and from `host` on outside.
struct IdRange {
    uint32_t container = 0, host = 0, size = 0;

    bool operator==(const IdRange&) const = default;
};

using IdRanges = std::vector<IdRange>;

// What slw_container_desc.user_namespace says.
struct IdMap {
    IdRanges uids, gids;
    std::string owner;  // id of the container whose name space is joined; empty: one of its own
};

// The document of slw_container_desc.user_namespace: {"UIDs": [{"ContainerID", "HostID", "Size"}], "GIDs": [...],
// "Owner": "<container id>" or ""}. At least one range each, with a root, nothing twice, at most 340 (the kernel's
// limit).
//   kInvalidArgument  anything else
Result<IdMap> parse_id_map(const std::string& document);

// The lines of /proc/<pid>/uid_map: "<inside> <outside> <size>". Lines that are none are left out.
IdRanges parse_map_file(const std::string& text);
std::string map_file_text(const IdRanges& ranges);

std::optional<uint32_t> to_host(const IdRanges& ranges, uint32_t id);
std::optional<uint32_t> from_host(const IdRanges& ranges, uint32_t id);

}  // namespace slipway::linux_backend
