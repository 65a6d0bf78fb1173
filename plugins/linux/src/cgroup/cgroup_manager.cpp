#include <cgroup/cgroup_manager.hpp>
#include <cgroup/group_files.hpp>
#include <cgroup/group_set.hpp>
#include <cgroup/layout.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace slipway::linux_backend {

struct CgroupManager::State {
    std::string parent;    // "/slipway"
    std::string instance;  // "/slipway/0123abcd"
    CgroupSupport support;
    std::unique_ptr<GroupSet> groups;
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
    return state_->instance + "/" + container_id;
}

Result<CgroupEntry> CgroupManager::create(const std::string& container_id, const nlohmann::json& resources) {
    if (Status checked = check_id(container_id); !checked) return std::move(checked).error();
    return state_->groups->create(path_of(container_id), resources);
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
    return state_->groups->destroy(path_of(container_id));
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
