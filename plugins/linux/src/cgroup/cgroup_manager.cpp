#include <cgroup/cgroup_manager.hpp>
#include <cgroup/group_files.hpp>
#include <cgroup/group_set.hpp>
#include <cgroup/layout.hpp>
#include <cgroup/placed_groups.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

namespace slipway::linux_backend {

struct CgroupManager::State {
    std::string parent;    // "/slipway"
    std::string instance;  // "/slipway/0123abcd"
    CgroupSupport support;
    std::unique_ptr<GroupSet> groups;
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
};

namespace {

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

Result<CgroupEntry> CgroupManager::enter(const std::string& container_id) {
    if (Status checked = check_id(container_id); !checked) return std::move(checked).error();
    return state_->groups->enter(path_of(container_id));
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
    if (state_->placed.path_of(container_id).empty()) return state_->groups->destroy(path);

    const std::lock_guard lock(state_->placed.changing);
    if (Status destroyed = state_->groups->destroy(path); !destroyed) return destroyed;
    state_->placed.forget(container_id);
    state_->placed.remove_made(state_->directories_above(path));
    return ok();
}

std::vector<std::string> CgroupManager::list() const {
    std::set<std::string> ids;
    for (const std::string& group : state_->groups->directories(state_->instance)) {
        for (std::string& name : subgroups(group)) ids.insert(std::move(name));
    }
    return {ids.begin(), ids.end()};
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
