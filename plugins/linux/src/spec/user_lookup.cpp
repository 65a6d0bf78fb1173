#include <spec/root_file.hpp>
#include <spec/strict_number.hpp>
#include <spec/user_lookup.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace slipway::linux_backend {

namespace {

constexpr uint64_t kMaxId = 2147483647;
constexpr size_t kMaxFile = size_t{1} << 20;
constexpr size_t kMaxGroups = 65536;  // NGROUPS_MAX

struct PasswdEntry {
    std::string_view name;
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::string_view home;
};

struct GroupEntry {
    std::string_view name;
    uint32_t gid = 0;
    std::string_view members;
};

// Cuts the text before the next `separator` off the front of `rest`.
std::string_view next_part(std::string_view& rest, char separator) {
    const size_t at = std::min(rest.find(separator), rest.size());
    const std::string_view part = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return part;
}

template <size_t kCount>
std::array<std::string_view, kCount> split_fields(std::string_view line) {
    std::array<std::string_view, kCount> fields;
    for (std::string_view& field : fields) field = next_part(line, ':');
    return fields;
}

// A line with an unusable number is no entry: guessing 0 would make root of it (CVE-2024-40635 and its kin).
std::optional<PasswdEntry> parse_passwd(std::string_view line) {
    const auto fields = split_fields<7>(line);  // name:password:uid:gid:comment:home:shell
    const auto uid = strict_number(fields[2], kMaxId);
    const auto gid = strict_number(fields[3], kMaxId);
    if (!uid || !gid) return std::nullopt;
    return PasswdEntry{fields[0], static_cast<uint32_t>(*uid), static_cast<uint32_t>(*gid), fields[5]};
}

std::optional<GroupEntry> parse_group(std::string_view line) {
    const auto fields = split_fields<4>(line);  // name:password:gid:member,member
    const auto gid = strict_number(fields[2], kMaxId);
    if (!gid) return std::nullopt;
    return GroupEntry{fields[0], static_cast<uint32_t>(*gid), fields[3]};
}

// Calls `visit` for each entry until it returns false.
template <class Parse, class Visit>
void each_entry(std::string_view text, Parse parse, Visit visit) {
    while (!text.empty()) {
        const std::string_view line = next_part(text, '\n');
        if (line.empty() || line.front() == '#' || line.find('\0') != std::string_view::npos) continue;
        const auto entry = parse(line);
        if (entry && !visit(*entry)) return;
    }
}

bool has_member(std::string_view members, std::string_view name) {
    while (!members.empty()) {
        if (next_part(members, ',') == name) return true;
    }
    return false;
}

// What a user typed for a user or group.
struct Reference {
    std::string text;
    std::optional<uint32_t> number;
};

Result<Reference> read_reference(std::string_view text) {
    Reference reference{std::string(text), std::nullopt};
    const std::string_view digits = text.substr(std::min(text.find_first_not_of("+- \t"), text.size()));
    const bool numeric = !digits.empty() && digits.find_first_not_of("0123456789 \t") == std::string_view::npos;
    if (!numeric) return reference;

    const auto number = strict_number(text, kMaxId);
    if (!number) {
        return Error(ErrorCode::kInvalidArgument, "uids and gids must be in range 0-2147483647")
            .with_operation("look up user")
            .with_resource(reference.text);
    }
    reference.number = static_cast<uint32_t>(*number);
    return reference;
}

Error no_user(const std::string& name) {
    return Error(ErrorCode::kInvalidArgument, "unable to find user " + name + ": no matching entries in passwd file")
        .with_operation("look up user")
        .with_resource(name)
        .with_hint("the image's /etc/passwd has no such name; a number needs no entry");
}

Error no_group(const std::string& name) {
    return Error(ErrorCode::kInvalidArgument, "unable to find group " + name + ": no matching entries in group file")
        .with_operation("look up group")
        .with_resource(name)
        .with_hint("the image's /etc/group has no such name; a number needs no entry");
}

std::optional<PasswdEntry> find_user(const UserDatabase& database, const Reference& wanted) {
    std::optional<PasswdEntry> found;
    each_entry(database.passwd, parse_passwd, [&](const PasswdEntry& entry) {
        const bool matches = wanted.number ? entry.uid == *wanted.number : entry.name == wanted.text;
        if (matches) found = entry;
        return !matches;
    });
    return found;
}

std::optional<uint32_t> find_group(const UserDatabase& database, const Reference& wanted) {
    if (wanted.number) return wanted.number;
    std::optional<uint32_t> found;
    each_entry(database.group, parse_group, [&](const GroupEntry& entry) {
        if (entry.name == wanted.text) found = entry.gid;
        return !found;
    });
    return found;
}

void add_group(UserIdentity& identity, uint32_t gid) {
    if (identity.groups.size() >= kMaxGroups) return;
    if (std::find(identity.groups.begin(), identity.groups.end(), gid) == identity.groups.end()) {
        identity.groups.push_back(gid);
    }
}

Status set_group(UserIdentity& identity, std::string_view text, const UserDatabase& database) {
    const Result<Reference> wanted = read_reference(text);
    if (!wanted) return Error(wanted.error());
    const auto gid = find_group(database, *wanted);
    if (!gid) return no_group(wanted->text);
    identity.gid = *gid;
    return ok();
}

Status add_extra_groups(UserIdentity& identity, const std::vector<std::string>& names, const UserDatabase& database) {
    for (const std::string& name : names) {
        const Result<Reference> wanted = read_reference(name);
        if (!wanted) return Error(wanted.error());
        const auto gid = find_group(database, *wanted);
        if (!gid) return no_group(name);
        add_group(identity, *gid);
    }
    return ok();
}

}  // namespace

Result<UserDatabase> read_user_database(int root_fd) {
    UserDatabase database;
    if (root_fd < 0) return database;
    Result<std::optional<std::string>> passwd = read_root_file(root_fd, "/etc/passwd", kMaxFile);
    if (!passwd) return std::move(passwd).error();
    Result<std::optional<std::string>> group = read_root_file(root_fd, "/etc/group", kMaxFile);
    if (!group) return std::move(group).error();
    if (*passwd) database.passwd = std::move(**passwd);
    if (*group) database.group = std::move(**group);
    return database;
}

Result<UserIdentity> resolve_user(const std::string& user, const std::vector<std::string>& group_add,
                                  const UserDatabase& database) {
    std::string_view rest = user;
    const std::string_view user_part = next_part(rest, ':');
    const std::string_view group_part = rest;

    Result<Reference> wanted = read_reference(user_part.empty() ? "0" : user_part);
    if (!wanted) return std::move(wanted).error();
    const std::optional<PasswdEntry> entry = find_user(database, *wanted);
    if (!entry && !wanted->number) return no_user(wanted->text);

    UserIdentity identity;
    identity.uid = entry ? entry->uid : *wanted->number;
    identity.gid = entry ? entry->gid : 0;
    if (entry && !entry->home.empty()) identity.home = std::string(entry->home);
    if (!group_part.empty()) {
        if (Status set = set_group(identity, group_part, database); !set) return std::move(set).error();
    }

    add_group(identity, identity.gid);
    // A group given by hand replaces the ones the database lists, as in Docker.
    if (entry && group_part.empty()) {
        each_entry(database.group, parse_group, [&](const GroupEntry& group) {
            if (has_member(group.members, entry->name)) add_group(identity, group.gid);
            return true;
        });
    }
    if (Status added = add_extra_groups(identity, group_add, database); !added) return std::move(added).error();
    return identity;
}

}  // namespace slipway::linux_backend
