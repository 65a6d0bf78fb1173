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
        for (const IdRange& range : *ranges) reserved_.push_back({range.host, uint64_t{range.host} + range.size});
    }
}

Result<IdMap> IdPool::take(const std::string& holder) {
    const std::lock_guard lock(mutex_);
    if (pool_.count == 0) {
        return Error(ErrorCode::kInvalidArgument,
                     "there are no ids for a user namespace of its own: give the daemon the option userns-pool, or the "
                     "user \"containers\" a range in /etc/subuid and /etc/subgid");
    }
    const uint64_t end = uint64_t{pool_.first} + pool_.count;
    for (uint64_t first = pool_.first; first + kPrivateIds <= end; first += kPrivateIds) {
        const Span wanted{first, first + kPrivateIds};
        if (!is_free(wanted)) continue;
        taken_.push_back({wanted, {holder}});
        const IdRange range{0, static_cast<uint32_t>(first), kPrivateIds};
        return IdMap{{range}, {range}};
    }
    return Error(ErrorCode::kResourceExhausted,
                 "no ids are left for another user namespace: the daemon's pool (userns-pool) has " +
                     std::to_string(pool_.count) + " from " + std::to_string(pool_.first) +
                     " on, and a container takes " + std::to_string(kPrivateIds));
}

Status IdPool::join(const std::string& holder, const json& owner) {
    if (!owner.value("Private", false)) return ok();
    const std::vector<Span> spans = spans_of(owner);
    const std::lock_guard lock(mutex_);
    const bool is_gone =
        std::any_of(spans.begin(), spans.end(), [this](const Span& span) { return find(span) == nullptr; });
    if (is_gone) {
        return Error(ErrorCode::kConflict, "the container whose user namespace is to be joined was removed meanwhile");
    }
    for (const Span& span : spans) find(span)->holders.insert(holder);
    return ok();
}

void IdPool::note(const std::string& holder, const json& document) {
    if (!document.is_object()) return;
    // The daemon's own map is everybody's and needs no holder. That of a container joined by this one is noted in any
    // case: when it is the daemon's, or was once, that takes nothing from anybody who lives.
    if (!document.value("Private", false) && document.value("Owner", "").empty()) return;
    const std::lock_guard lock(mutex_);
    for (const Span& span : spans_of(document)) {
        if (Taken* taken = find(span)) {
            taken->holders.insert(holder);
        } else {
            taken_.push_back({span, {holder}});
        }
    }
}

void IdPool::give_back(const std::string& holder) {
    const std::lock_guard lock(mutex_);
    for (Taken& taken : taken_) taken.holders.erase(holder);
    std::erase_if(taken_, [](const Taken& taken) { return taken.holders.empty(); });
}

std::vector<IdPool::Span> IdPool::spans_of(const json& document) {
    std::vector<Span> spans;
    const auto uids = document.find("UIDs");
    if (uids == document.end() || !uids->is_array()) return spans;
    for (const json& range : *uids) {
        if (!range.is_object()) continue;
        const auto first = range.value("HostID", uint64_t{0});
        spans.push_back({first, first + range.value("Size", uint64_t{0})});
    }
    return spans;
}

IdPool::Taken* IdPool::find(const Span& span) {
    const auto found =
        std::find_if(taken_.begin(), taken_.end(), [&](const Taken& taken) { return taken.span == span; });
    return found == taken_.end() ? nullptr : &*found;
}

bool IdPool::is_free(const Span& wanted) const {
    const auto overlaps = [&](const Span& other) { return wanted.first < other.end && other.first < wanted.end; };
    return std::none_of(reserved_.begin(), reserved_.end(), overlaps) &&
           std::none_of(taken_.begin(), taken_.end(), [&](const Taken& taken) { return overlaps(taken.span); });
}

}  // namespace slipway::core
