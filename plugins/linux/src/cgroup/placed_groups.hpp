// plugins/linux/src/cgroup/placed_groups.hpp - containers whose groups lie below a parent of their own.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// Whether `path` is one of that container: "<id>" below some parent, or "container" in its scope.
bool is_group_of(const std::string& id, const std::string& path);

// Where such a container's groups are, and which directories above them were made for it and go with the last one.
// Thread-safe. Its text is kept beside the supervisor, because the groups outlive the daemon.
class PlacedGroups {
public:
    // "/a/b/<id>" or "/a.slice/slipway-<id>.scope/container", or nothing for a container below the daemon's own parent.
    std::string path_of(const std::string& id) const;

    void place(const std::string& id, const std::string& path);
    void forget(const std::string& id);

    // Notes directories that are there now and were not before.
    void add_made(const std::vector<std::string>& directories);
    // Removes those of `candidates` that were made for a container and are empty; deepest first.
    void remove_made(std::vector<std::string> candidates);

    // The lines to keep: the path, then the directories of `candidates` that were made for a container.
    std::string to_text(const std::string& id, const std::vector<std::string>& candidates) const;
    // Takes them up again. False when they are not the text of `id`.
    bool from_text(const std::string& id, const std::string& text);

    // Held while groups below such parents are made or removed: one's parent must not go while another is made in it.
    std::mutex changing;

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::string> paths_;  // guarded by mutex_, by container id
    std::set<std::string> made_;                // guarded by mutex_, absolute directories
};

}  // namespace slipway::linux_backend
