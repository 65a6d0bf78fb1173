#include <spec/id_map.hpp>
#include <spec/json_access.hpp>

#include <algorithm>
#include <sstream>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

constexpr size_t kMostRanges = 340;         // UID_GID_MAP_MAX_EXTENTS, Linux 4.15
constexpr int64_t kIds = int64_t{1} << 32;  // the last of which, (uid_t)-1, means "none"
constexpr uint32_t IdRange::*kSides[] = {&IdRange::container, &IdRange::host};

bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size) {
    return a < uint64_t{b} + b_size && b < uint64_t{a} + a_size;
}

Error unusable(const char* key, const char* why) {
    return Error(ErrorCode::kInvalidArgument, std::string("user name space: ") + key + ": " + why);
}

Result<IdRanges> parse_ranges(const json& document, const char* key) {
    const json& list = member_of(document, key);
    if (!list.is_array() || list.empty() || list.size() > kMostRanges) return unusable(key, "needs 1 to 340 ranges");
    IdRanges ranges;
    for (const json& entry : list) {
        const int64_t inside = find_int(entry, "ContainerID").value_or(-1);
        const int64_t outside = find_int(entry, "HostID").value_or(-1), size = find_int(entry, "Size").value_or(0);
        if (inside < 0 || inside >= kIds || outside < 0 || outside >= kIds || size < 1 || size >= kIds ||
            inside + size >= kIds || outside + size >= kIds) {
            return unusable(key, "a range is out of bounds");
        }
        const IdRange range{static_cast<uint32_t>(inside), static_cast<uint32_t>(outside), static_cast<uint32_t>(size)};
        for (const IdRange& other : ranges) {
            for (const auto side : kSides) {
                if (overlap(range.*side, range.size, other.*side, other.size)) return unusable(key, "ranges overlap");
            }
        }
        ranges.push_back(range);
    }
    if (!to_host(ranges, 0)) return unusable(key, "root is not mapped");
    return ranges;
}

std::optional<uint32_t> translate(const IdRanges& ranges, uint32_t id, uint32_t IdRange::*from, uint32_t IdRange::*to) {
    for (const IdRange& range : ranges) {
        if (id >= range.*from && id - range.*from < range.size) return range.*to + (id - range.*from);
    }
    return std::nullopt;
}

}  // namespace

Result<IdMap> parse_id_map(const std::string& document) {
    const json parsed = json::parse(document, nullptr, false);
    if (!parsed.is_object()) return unusable("document", "not a JSON object");
    Result<IdRanges> uids = parse_ranges(parsed, "UIDs");
    if (!uids) return std::move(uids).error();
    Result<IdRanges> gids = parse_ranges(parsed, "GIDs");
    if (!gids) return std::move(gids).error();
    return IdMap{std::move(*uids), std::move(*gids), read_text(parsed, "Owner")};
}

IdRanges parse_map_file(const std::string& text) {
    IdRanges ranges;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        IdRange range;
        if (words >> range.container >> range.host >> range.size) ranges.push_back(range);
    }
    return ranges;
}

std::string map_file_text(const IdRanges& ranges) {
    std::string text;
    for (const IdRange& range : ranges) {
        text += std::to_string(range.container) + " " + std::to_string(range.host) + " " + std::to_string(range.size) +
                "\n";
    }
    return text;
}

std::optional<uint32_t> to_host(const IdRanges& ranges, uint32_t id) {
    return translate(ranges, id, &IdRange::container, &IdRange::host);
}

std::optional<uint32_t> from_host(const IdRanges& ranges, uint32_t id) {
    return translate(ranges, id, &IdRange::host, &IdRange::container);
}

}  // namespace slipway::linux_backend
