#include "subordinate_ids.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

namespace slipway::daemon {
namespace {

constexpr size_t kLongestFile = size_t{4} << 20;
constexpr uint64_t kIds = uint64_t{1} << 32;
constexpr uint32_t kSmallestPool = 65536;
constexpr const char* kDefaultUser = "dockremap";  // dockerd's
constexpr const char* kPoolUser = "containers";    // podman's

Error bad(std::string text) {
    return Error(ErrorCode::kInvalidArgument, std::move(text));
}

std::optional<uint32_t> number(std::string_view text) {
    uint32_t value = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (err != std::errc() || end != text.data() + text.size() || value == UINT32_MAX) return std::nullopt;
    return value;
}

std::vector<std::string> fields_of(const std::string& line) {
    std::vector<std::string> fields(1);
    for (const char c : line) {
        if (c == ':') {
            fields.emplace_back();
        } else {
            fields.back() += c;
        }
    }
    return fields;
}

// A machine without the file has nobody in it.
Result<std::string> read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::string();
    std::string text(kLongestFile + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(file.gcount()));
    if (text.size() > kLongestFile) return bad("'" + path + "' is larger than 4 MiB");
    return text;
}

Result<std::vector<SubordinateRange>> ranges_in(const std::string& path) {
    const Result<std::string> text = read_text(path);
    if (!text) return text.error();
    return parse_subordinate_ids(*text, path);
}

struct Identity {
    std::string name;
    std::string id;  // as text
};

// passwd and group have name and id in the same places. An id that nobody has a name for stands for itself.
Result<Identity> find_identity(const std::string& wanted, const std::string& path, const char* kind) {
    const Result<std::string> text = read_text(path);
    if (!text) return text.error();
    const bool is_id = number(wanted).has_value();
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        const std::vector<std::string> fields = fields_of(line);
        if (fields.size() < 4) continue;
        if (fields[is_id ? 2 : 0] == wanted) return Identity{fields[0], fields[2]};
    }
    if (is_id) return Identity{"", wanted};
    return bad("userns-remap: no " + std::string(kind) + " '" + wanted + "' in " + path);
}

Result<std::vector<core::IdRange>> map_of(const Identity& identity, const std::string& path, const char* kind) {
    const Result<std::vector<SubordinateRange>> all = ranges_in(path);
    if (!all) return all.error();
    std::vector<core::IdRange> ranges;
    uint64_t inside = 0;
    for (const SubordinateRange& range : *all) {
        if (range.owner != identity.id && (identity.name.empty() || range.owner != identity.name)) continue;
        if (inside + range.count >= kIds) return bad("userns-remap: the ranges in " + path + " are too large together");
        ranges.push_back({static_cast<uint32_t>(inside), range.first, range.count});
        inside += range.count;
    }
    if (!ranges.empty()) return ranges;
    return bad("userns-remap: no ranges for " + std::string(kind) + " '" +
               (identity.name.empty() ? identity.id : identity.name) + "' in " + path);
}

// dockerd makes this user when it is missing; here its ranges are enough.
Result<Identity> remap_identity(const std::string& wanted, const std::string& path, const char* kind) {
    if (wanted == kDefaultUser) return Identity{kDefaultUser, ""};
    return find_identity(wanted, path, kind);
}

}  // namespace

Result<std::vector<SubordinateRange>> parse_subordinate_ids(const std::string& text, const std::string& path) {
    std::vector<SubordinateRange> ranges;
    std::istringstream lines(text);
    int at = 0;
    for (std::string line; std::getline(lines, line);) {
        ++at;
        if (const size_t first = line.find_first_not_of(" \t\r"); first == std::string::npos || line[first] == '#') {
            continue;
        }
        const std::vector<std::string> fields = fields_of(line);
        const auto first = fields.size() == 3 ? number(fields[1]) : std::nullopt;
        const auto count = fields.size() == 3 ? number(fields[2]) : std::nullopt;
        if (!first || !count || fields[0].empty() || uint64_t{*first} + *count >= kIds) {
            return bad(path + ":" + std::to_string(at) + ": not of the form name:first:count");
        }
        if (*count != 0) ranges.push_back({fields[0], *first, *count});
    }
    return ranges;
}

Result<core::IdMap> resolve_remap(const std::string& remap, const IdentityFiles& files) {
    const std::vector<std::string> parts = fields_of(remap == "default" ? kDefaultUser : remap);
    if (parts.size() > 2 || parts[0].empty() || parts.back().empty()) {
        return bad("userns-remap: '" + remap + "' is none of default, user, user:group, uid, uid:gid");
    }
    const Result<Identity> user = remap_identity(parts[0], files.passwd, "user");
    if (!user) return user.error();
    const Result<Identity> group = parts.size() == 1 ? *user : remap_identity(parts[1], files.group, "group");
    if (!group) return group.error();
    Result<std::vector<core::IdRange>> uids = map_of(*user, files.subuid, "user");
    if (!uids) return std::move(uids).error();
    Result<std::vector<core::IdRange>> gids = map_of(*group, files.subgid, parts.size() == 1 ? "user" : "group");
    if (!gids) return std::move(gids).error();
    return core::IdMap{std::move(*uids), std::move(*gids)};
}

Result<core::IdPoolRange> resolve_pool(const std::string& pool, const IdentityFiles& files) {
    if (!pool.empty()) {
        const std::vector<std::string> parts = fields_of(pool);
        const auto first = parts.size() == 2 ? number(parts[0]) : std::nullopt;
        const auto count = parts.size() == 2 ? number(parts[1]) : std::nullopt;
        if (!first || !count || *first == 0 || uint64_t{*first} + *count >= kIds) {
            return bad("userns-pool: '" + pool + "' is not of the form first:count");
        }
        if (*count < kSmallestPool)
            return bad("userns-pool: a container needs 65536 ids, and '" + pool + "' has fewer");
        return core::IdPoolRange{*first, *count};
    }
    const Result<std::vector<SubordinateRange>> uids = ranges_in(files.subuid);
    const Result<std::vector<SubordinateRange>> gids = ranges_in(files.subgid);
    if (!uids || !gids) return core::IdPoolRange{};  // nobody asked for it; userns-remap says what is wrong
    for (const SubordinateRange& range : *uids) {
        if (range.owner != kPoolUser || range.count < kSmallestPool || range.first == 0) continue;
        if (std::find(gids->begin(), gids->end(), range) != gids->end()) {
            return core::IdPoolRange{range.first, range.count};
        }
    }
    return core::IdPoolRange{};
}

}  // namespace slipway::daemon
