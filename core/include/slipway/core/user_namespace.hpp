// core/include/slipway/core/user_namespace.hpp - who a container's users are for the host.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace slipway::core {

// `size` ids in a row, from `container` on inside and from `host` on outside.
struct IdRange {
    uint32_t container = 0, host = 0, size = 0;

    bool operator==(const IdRange&) const = default;
};

struct IdMap {
    std::vector<IdRange> uids, gids;

    bool operator==(const IdMap&) const = default;
};

// The document of slw_container_desc.user_namespace, and of ContainerRecord.user_namespace. `owner`: the id of the
// container whose name space is joined, or empty.
nlohmann::json to_json(const IdMap& map, const std::string& owner = {});

// Ids of the host that containers may be given, for users and groups alike.
struct IdPoolRange {
    uint32_t first = 0, count = 0;  // count 0: none
};

// What the daemon was told (userns-remap, userns-pool).
struct UserNamespaceOptions {
    std::optional<IdMap> remap;  // of containers that do not say otherwise; none: they have the host's ids
    IdPoolRange pool;            // for the modes private and auto
};

}  // namespace slipway::core
