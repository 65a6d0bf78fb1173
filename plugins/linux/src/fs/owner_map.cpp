#include <fs/owner_map.hpp>

#include <sstream>
#include <string>

namespace slipway::linux_backend {
namespace {

constexpr uint32_t kOverflowId = 65534;

}  // namespace

Result<std::vector<OwnerMap::Range>> OwnerMap::parse_ranges(std::string_view text) {
    std::istringstream words{std::string(text)};
    std::vector<Range> ranges;
    for (Range range{}; words >> range.inside >> range.outside >> range.count;) ranges.push_back(range);
    if (!words.eof() || ranges.empty())
        return Error(ErrorCode::kDataLoss, "the map of a user name space is unreadable");
    return ranges;
}

Result<OwnerMap> OwnerMap::parse(std::string_view uids, std::string_view gids) {
    Result<std::vector<Range>> users = parse_ranges(uids);
    if (!users) return std::move(users).error();
    Result<std::vector<Range>> groups = parse_ranges(gids);
    if (!groups) return std::move(groups).error();
    const auto is_all = [](const std::vector<Range>& ranges) {
        return ranges.size() == 1 && ranges[0].inside == 0 && ranges[0].outside == 0 && ranges[0].count == UINT32_MAX;
    };
    OwnerMap map;
    if (is_all(*users) && is_all(*groups)) return map;
    map.same_ = false;
    map.uids_ = std::move(*users);
    map.gids_ = std::move(*groups);
    return map;
}

std::optional<uint32_t> OwnerMap::outside_of(const std::vector<Range>& ranges, uint32_t inside) {
    for (const Range& range : ranges) {
        if (inside >= range.inside && inside - range.inside < range.count) {
            return range.outside + (inside - range.inside);
        }
    }
    return std::nullopt;
}

uint32_t OwnerMap::inside_of(const std::vector<Range>& ranges, uint32_t outside) {
    for (const Range& range : ranges) {
        if (outside >= range.outside && outside - range.outside < range.count) {
            return range.inside + (outside - range.outside);
        }
    }
    return kOverflowId;
}

std::optional<Owner> OwnerMap::to_host(Owner inside) const {
    if (same_) return inside;
    const std::optional<uint32_t> uid = outside_of(uids_, inside.uid), gid = outside_of(gids_, inside.gid);
    if (!uid || !gid) return std::nullopt;
    return Owner{*uid, *gid};
}

Owner OwnerMap::to_container(Owner outside) const {
    if (same_) return outside;
    return {inside_of(uids_, outside.uid), inside_of(gids_, outside.gid)};
}

}  // namespace slipway::linux_backend
