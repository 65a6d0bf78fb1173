#include "userns/id_pool.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

using nlohmann::json;

json ranges_json(const std::vector<IdRange>& ranges) {
    json list = json::array();
    for (const IdRange& range : ranges) {
        list.push_back({{"ContainerID", range.container}, {"HostID", range.host}, {"Size", range.size}});
    }
    return list;
}

}  // namespace

json to_json(const IdMap& map, const std::string& owner) {
    return {{"UIDs", ranges_json(map.uids)}, {"GIDs", ranges_json(map.gids)}, {"Owner", owner}};
}

void IdPool::open(IdPoolRange pool, const std::optional<IdMap>& reserved) {
    const std::lock_guard lock(mutex_);
    pool_ = pool;
    if (!reserved) return;
    for (const auto* ranges : {&reserved->uids, &reserved->gids}) {
        for (const IdRange& range : *ranges) taken_.push_back({range.host, uint64_t{range.host} + range.size});
    }
}

Result<IdMap> IdPool::take() {
    const std::lock_guard lock(mutex_);
    if (pool_.count == 0) {
        return Error(ErrorCode::kInvalidArgument,
                     "there are no ids for a user namespace of its own: give the daemon the option userns-pool, or the "
                     "user \"containers\" a range in /etc/subuid and /etc/subgid");
    }
    const uint64_t end = uint64_t{pool_.first} + pool_.count;
    for (uint64_t first = pool_.first; first + kPrivateIds <= end; first += kPrivateIds) {
        const Taken wanted{first, first + kPrivateIds};
        if (!is_free(wanted)) continue;
        taken_.push_back(wanted);
        const IdRange range{0, static_cast<uint32_t>(first), kPrivateIds};
        return IdMap{{range}, {range}};
    }
    return Error(ErrorCode::kResourceExhausted,
                 "no ids are left for another user namespace: the daemon's pool (userns-pool) has " +
                     std::to_string(pool_.count) + " from " + std::to_string(pool_.first) +
                     " on, and a container takes " + std::to_string(kPrivateIds));
}

void IdPool::note(const json& document) {
    const std::lock_guard lock(mutex_);
    for (const Taken& range : ranges_of(document)) {
        if (std::find(taken_.begin(), taken_.end(), range) == taken_.end()) taken_.push_back(range);
    }
}

void IdPool::give_back(const json& document) {
    const std::lock_guard lock(mutex_);
    for (const Taken& range : ranges_of(document)) std::erase(taken_, range);
}

// Only what came from a pool: the daemon's own map is shared, and stays reserved.
std::vector<IdPool::Taken> IdPool::ranges_of(const json& document) {
    std::vector<Taken> ranges;
    if (!document.is_object() || !document.value("Private", false)) return ranges;
    const auto uids = document.find("UIDs");
    if (uids == document.end() || !uids->is_array()) return ranges;
    for (const json& range : *uids) {
        if (!range.is_object()) continue;
        const auto first = range.value("HostID", uint64_t{0});
        ranges.push_back({first, first + range.value("Size", uint64_t{0})});
    }
    return ranges;
}

bool IdPool::is_free(const Taken& wanted) const {
    return std::none_of(taken_.begin(), taken_.end(),
                        [&](const Taken& other) { return wanted.first < other.end && other.first < wanted.end; });
}

}  // namespace slipway::core
