#include <cgroup/placed_groups.hpp>
#include <cgroup/slice_name.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

namespace slipway::linux_backend {

bool is_group_of(const std::string& id, const std::string& path) {
    return path.ends_with("/" + id) || path.ends_with("/" + scope_name(id) + kInScope);
}

std::string PlacedGroups::path_of(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = paths_.find(id);
    return found == paths_.end() ? std::string() : found->second;
}

void PlacedGroups::place(const std::string& id, const std::string& path) {
    const std::lock_guard lock(mutex_);
    paths_[id] = path;
}

void PlacedGroups::forget(const std::string& id) {
    const std::lock_guard lock(mutex_);
    paths_.erase(id);
}

void PlacedGroups::add_made(const std::vector<std::string>& directories) {
    const std::lock_guard lock(mutex_);
    made_.insert(directories.begin(), directories.end());
}

void PlacedGroups::remove_made(std::vector<std::string> candidates) {
    std::sort(candidates.begin(), candidates.end(),
              [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
    const std::lock_guard lock(mutex_);
    for (const std::string& directory : candidates) {
        if (!made_.contains(directory)) continue;
        // Not empty: others live there, and the last of them tries again.
        if (::rmdir(directory.c_str()) == 0 || errno == ENOENT) made_.erase(directory);
    }
}

std::string PlacedGroups::to_text(const std::string& id, const std::vector<std::string>& candidates) const {
    const std::lock_guard lock(mutex_);
    const auto found = paths_.find(id);
    if (found == paths_.end()) return {};
    std::string text = found->second + "\n";
    for (const std::string& directory : candidates) {
        if (made_.contains(directory)) text += directory + "\n";
    }
    return text;
}

bool PlacedGroups::from_text(const std::string& id, const std::string& text) {
    std::istringstream lines(text);
    std::string path;
    if (!std::getline(lines, path) || !is_group_of(id, path)) return false;
    const std::lock_guard lock(mutex_);
    paths_[id] = path;
    for (std::string line; std::getline(lines, line);) made_.insert(line);
    return true;
}

}  // namespace slipway::linux_backend
