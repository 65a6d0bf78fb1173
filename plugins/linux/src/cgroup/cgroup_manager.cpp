#include <cgroup/cgroup_manager.hpp>
#include <cgroup/group_files.hpp>
#include <cgroup/group_parent.hpp>
#include <cgroup/group_set.hpp>
#include <cgroup/layout.hpp>
#include <cgroup/placed_groups.hpp>
#include <cgroup/scope_units.hpp>
#include <cgroup/slice_name.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <set>

namespace slipway::linux_backend {

struct CgroupManager::State {
    std::string parent;    // "/slipway"
    std::string instance;  // "/slipway/0123abcd"
    CgroupSupport support;
    std::unique_ptr<GroupSet> groups;
    std::unique_ptr<ScopeUnits> units;  // of systemd; null: groups are directories we make
    std::string slice, description;     // with units: where scopes belong, and what theirs ends in
    PlacedGroups placed;

    // The directories above `path`, in every hierarchy, outermost first.
    std::vector<std::string> directories_above(const std::string& path) const {
        std::vector<std::string> all;
        for (size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
            for (std::string& directory : groups->directories(path.substr(0, end))) all.push_back(std::move(directory));
        }
        return all;
    }
    Result<CgroupEntry> create_placed(const std::string& id, const std::string& path, const nlohmann::json& resources);
    Result<CgroupEntry> create_scope(const std::string& id, const std::string& path, const nlohmann::json& resources);
    Result<CgroupEntry> fill_scope(const std::string& scope, const std::string& path, const nlohmann::json& resources);
    Status clear_scope(const std::string& id, const std::string& scope);
};

namespace {

constexpr const char* kHolder = "/start";  // in a scope: where its holder waits

// "slipway//x/" and "/slipway/x" are the same.
std::string absolute(const std::string& path) {
    std::string clean;
    for (const char c : "/" + path) {
        if (c != '/' || clean.empty() || clean.back() != '/') clean += c;
    }
    while (!clean.empty() && clean.back() == '/') clean.pop_back();
    return clean;
}

// Ids become directory names.
Status check_id(const std::string& id) {
    const bool plain = !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (plain) return ok();
    return Error(ErrorCode::kInvalidArgument, "'" + id + "' cannot name a control group").with_resource(id);
}

// Those that do not exist, sorted.
std::vector<std::string> missing_of(std::vector<std::string> directories) {
    std::erase_if(directories, [](const std::string& directory) { return ::access(directory.c_str(), F_OK) == 0; });
    std::sort(directories.begin(), directories.end());
    return directories;
}

// The number behind "oom_kill " in memory.events or memory.oom_control.
uint64_t oom_kill_count(const std::string& text) {
    constexpr std::string_view kKey = "oom_kill ";
    size_t at = text.find(kKey);
    while (at != std::string::npos && at != 0 && text[at - 1] != '\n') at = text.find(kKey, at + 1);
    if (at == std::string::npos) return 0;
    uint64_t count = 0;
    std::from_chars(text.data() + at + kKey.size(), text.data() + text.size(), count);
    return count;
}

}  // namespace

CgroupManager::CgroupManager(std::string parent, std::string instance)
    : CgroupManager(std::move(parent), std::move(instance), probe_cgroup_layout()) {}

CgroupManager::CgroupManager(std::string parent, std::string instance, CgroupLayout layout)
    : state_(std::make_shared<State>()) {
    state_->parent = absolute(parent);
    state_->instance = state_->parent + "/" + instance;
    state_->support = probe_cgroup_support(layout);
    state_->groups = layout.version == CgroupSupport::Version::kV2 ? make_v2_groups(layout) : make_v1_groups(layout);
}

CgroupManager::CgroupManager(std::string parent, std::string instance, std::unique_ptr<ScopeUnits> units)
    : CgroupManager(std::move(parent), std::move(instance), std::move(units), probe_cgroup_layout()) {}

CgroupManager::CgroupManager(std::string parent, std::string instance, std::unique_ptr<ScopeUnits> units,
                             CgroupLayout layout)
    : CgroupManager("/slipway", instance, std::move(layout)) {
    state_->units = std::move(units);
    state_->slice = std::move(parent);
    state_->description = " of Slipway " + instance;
    state_->support.systemd_units = true;
}

const CgroupSupport& CgroupManager::support() const {
    return state_->support;
}

std::string CgroupManager::path_of(const std::string& container_id) const {
    const std::string placed = state_->placed.path_of(container_id);
    return placed.empty() ? usual_path_of(container_id) : placed;
}

std::string CgroupManager::usual_path_of(const std::string& container_id) const {
    return state_->instance + "/" + container_id;
}

Result<CgroupEntry> CgroupManager::create(const std::string& container_id, const nlohmann::json& resources,
                                          const std::string& path) {
    if (Status checked = check_id(container_id); !checked) return std::move(checked).error();
    if (state_->units) return state_->create_scope(container_id, path, resources);
    const std::string usual = usual_path_of(container_id);
    if (path.empty() || path == usual) {
        state_->placed.forget(container_id);
        return state_->groups->create(usual, resources);
    }
    if (!path.ends_with("/" + container_id)) {
        return Error(ErrorCode::kInvalidArgument, "the path '" + path + "' of a control group does not end in its id")
            .with_resource(path);
    }
    // It would be ended and removed with the other container.
    if (path.starts_with(state_->instance + "/")) {
        return Error(ErrorCode::kInvalidArgument, "'" + parent_of(path) + "' is the control group of a container")
            .with_resource(path);
    }
    return state_->create_placed(container_id, path, resources);
}

Result<CgroupEntry> CgroupManager::State::create_placed(const std::string& id, const std::string& path,
                                                        const nlohmann::json& resources) {
    const std::lock_guard lock(placed.changing);
    const std::vector<std::string> above = directories_above(path);
    const std::vector<std::string> missing = missing_of(above);
    Result<CgroupEntry> entry = groups->create(path, resources);
    const std::vector<std::string> still_missing = missing_of(missing);
    std::vector<std::string> made;
    std::set_difference(missing.begin(), missing.end(), still_missing.begin(), still_missing.end(),
                        std::back_inserter(made));
    placed.add_made(made);
    if (entry) {
        placed.place(id, path);
    } else {
        placed.remove_made(above);
    }
    return entry;
}

// What systemd makes is the scope; in it is a group of ours. The attributes of the scope itself stay systemd's, which
// writes them anew whenever it is reloaded; those below a delegated group it leaves alone.
Result<CgroupEntry> CgroupManager::State::create_scope(const std::string& id, const std::string& path,
                                                       const nlohmann::json& resources) {
    const std::string unit = scope_name(id), scope = parent_of(path), above = parent_of(scope);
    if (path != above + "/" + unit + kInScope) {
        return Error(ErrorCode::kInvalidArgument, "the path '" + path + "' of a control group is not that of its scope")
            .with_resource(path);
    }
    const std::string in = above.empty() ? "-.slice" : above.substr(above.rfind('/') + 1);
    placed.place(id, path);
    if (Status cleared = clear_scope(id, scope); !cleared) return std::move(cleared).error();
    const std::string described = "Container " + id.substr(0, 12) + description;
    Result<std::shared_ptr<void>> holder = units->start(unit, in, described);
    // It has no group, or it was gone above: one that has failed, or is on its way out.
    if (!holder && holder.error().code() == ErrorCode::kConflict) {
        if (Status stopped = units->stop(unit); !stopped) return std::move(stopped).error();
        holder = units->start(unit, in, described);
    }
    if (!holder) return std::move(holder).error();
    Result<CgroupEntry> entry = fill_scope(scope, path, resources);
    if (!entry) {
        holder->reset();
        static_cast<void>(units->stop(unit));  // the failure that led here is what the caller must hear about
        return entry;
    }
    entry->holder = std::move(*holder);
    return entry;
}

// Its holder goes to a group of its own first: one with processes passes no controllers on, and what it uses is not the
// container's.
Result<CgroupEntry> CgroupManager::State::fill_scope(const std::string& scope, const std::string& path,
                                                     const nlohmann::json& resources) {
    const std::string group = groups->directory(scope, {}), aside = group + kHolder;
    if (::mkdir(aside.c_str(), 0755) != 0 && errno != EEXIST) {
        return Error::from_errno(errno, "mkdir '" + aside + "'").with_operation("mkdir").with_resource(aside);
    }
    for (const pid_t pid : pids_in(group)) {
        Status moved = write_control(aside, "cgroup.procs", std::to_string(pid), false);
        if (!moved) return std::move(moved).error();
    }
    if (Status opened = groups->open_parents(path); !opened) return std::move(opened).error();
    return groups->create(path, resources);
}

// A scope that a start which died has left. With somebody inside it is not ours to take.
Status CgroupManager::State::clear_scope(const std::string& id, const std::string& scope) {
    const std::string group = groups->directory(scope, {});
    if (::access(group.c_str(), F_OK) != 0) return ok();
    if (!pids_in(group).empty()) {
        return Error(ErrorCode::kConflict, "control group '" + scope + "' has processes").with_resource(scope);
    }
    Status stopped = units->stop(scope_name(id));
    return stopped ? groups->destroy(scope) : std::move(stopped);
}

Status CgroupManager::settle(const std::string& container_id, CgroupEntry& entry) {
    if (!entry.holder) return ok();
    entry.holder.reset();
    return remove_group(state_->groups->directory(parent_of(path_of(container_id)), {}) + kHolder);
}

Result<std::string> CgroupManager::group_path(const std::string& container_id, const std::string& parent) const {
    if (state_->units) {
        const Result<std::string> slice = expand_slice(parent.empty() ? state_->slice : parent);
        if (!slice) return slice.error();
        return *slice + "/" + scope_name(container_id) + kInScope;
    }
    if (parent.empty()) return usual_path_of(container_id);
    const Result<std::string> group = parse_group_parent(parent);
    if (!group) return group.error();
    return *group + "/" + container_id;
}

std::string CgroupManager::placement(const std::string& container_id) const {
    return state_->placed.to_text(container_id, state_->directories_above(path_of(container_id)));
}

void CgroupManager::recall(const std::string& container_id, const std::string& placement) {
    static_cast<void>(state_->placed.from_text(container_id, placement));
}

Status CgroupManager::update(const std::string& container_id, const nlohmann::json& resources) {
    if (Status checked = check_id(container_id); !checked) return checked;
    return state_->groups->update(path_of(container_id), resources);
}

std::string CgroupManager::directory_of(const std::string& container_id, const std::string& controller) const {
    return state_->groups->directory(path_of(container_id), controller);
}

std::string CgroupManager::oom_file(const std::string& container_id) const {
    return state_->groups->oom_file(path_of(container_id));
}

uint64_t CgroupManager::oom_kills(const std::string& container_id) const {
    const std::string file = oom_file(container_id);
    if (file.empty()) return 0;
    const size_t slash = file.rfind('/');
    return oom_kill_count(read_control(file.substr(0, slash), file.substr(slash + 1)));
}

Result<CgroupEntry> CgroupManager::enter(const std::string& container_id, const FirstProcess& first) {
    if (Status checked = check_id(container_id); !checked) return std::move(checked).error();
    return state_->groups->enter(path_of(container_id), first);
}

Result<bool> CgroupManager::freeze(const std::string& container_id) {
    if (Status checked = check_id(container_id); !checked) return std::move(checked).error();
    return state_->groups->freeze(path_of(container_id));
}

Status CgroupManager::thaw(const std::string& container_id) {
    if (Status checked = check_id(container_id); !checked) return checked;
    return state_->groups->thaw(path_of(container_id));
}

Status CgroupManager::destroy(const std::string& container_id) {
    if (Status checked = check_id(container_id); !checked) return checked;
    const std::string path = path_of(container_id);
    const bool is_placed = !state_->placed.path_of(container_id).empty();
    if (state_->units) {
        // First, since systemd would end what is inside with a signal that may be ignored, and wait.
        Status destroyed = state_->groups->destroy(path);
        Status stopped = state_->units->stop(scope_name(container_id));
        if (destroyed && stopped) state_->placed.forget(container_id);
        return destroyed ? std::move(stopped) : std::move(destroyed);
    }
    if (!is_placed) return state_->groups->destroy(path);

    const std::lock_guard lock(state_->placed.changing);
    if (Status destroyed = state_->groups->destroy(path); !destroyed) return destroyed;
    state_->placed.forget(container_id);
    state_->placed.remove_made(state_->directories_above(path));
    return ok();
}

Result<std::vector<std::string>> CgroupManager::list() const {
    std::set<std::string> ids;
    if (state_->units) {
        const Result<std::vector<ScopeUnit>> units = state_->units->list(state_->description);
        if (!units) return units.error();
        for (const ScopeUnit& unit : *units) {
            const std::string id = container_of_scope(unit.name);
            if (!check_id(id)) continue;
            if (!unit.group.empty()) state_->placed.place(id, unit.group + kInScope);
            ids.insert(id);
        }
    }
    for (const std::string& group : state_->groups->directories(state_->instance)) {
        for (std::string& name : subgroups(group)) ids.insert(std::move(name));
    }
    return std::vector<std::string>(ids.begin(), ids.end());
}

void CgroupManager::remove_parents() {
    for (const std::string& path : {state_->instance, state_->parent}) {
        // Not empty means that somebody still needs it; an empty parent name would be the mount point.
        for (const std::string& group : state_->groups->directories(path)) {
            if (!path.empty()) ::rmdir(group.c_str());
        }
    }
}

}  // namespace slipway::linux_backend
