// plugins/linux/src/cgroup/group_set.hpp - what v1 and v2 do differently, behind CgroupManager.
#pragma once

#include <cgroup/cgroup_manager.hpp>
#include <cgroup/group_files.hpp>
#include <cgroup/layout.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// Groups are named by their path below the mount points, "/slipway/0123abcd/<id>". Thread-safe.
class GroupSet {
public:
    virtual ~GroupSet() = default;
    virtual Result<CgroupEntry> create(const std::string& path, const nlohmann::json& resources) = 0;
    // Passes on to `path` the controllers of the groups above it, which somebody else may have made. create() does so
    // only where a limit needs one; statistics need them all. v1 has nothing to pass on.
    virtual Status open_parents(const std::string& path) = 0;
    // Descriptors for a further process of a group that exists; see CgroupManager. kNotFound: it does not.
    virtual Result<CgroupEntry> enter(const std::string& path, const FirstProcess& first) = 0;
    // See CgroupManager. Called again while the answer is false.
    virtual Result<bool> freeze(const std::string& path) = 0;
    virtual Status thaw(const std::string& path) = 0;
    virtual Status update(const std::string& path, const nlohmann::json& resources) = 0;
    virtual Status destroy(const std::string& path) = 0;
    virtual std::string oom_file(const std::string& path) const = 0;
    // The directory of `path` that has `controller`, or the first when that is empty; empty without one.
    virtual std::string directory(const std::string& path, const std::string& controller) const = 0;
    // The directories `path` stands for, one per hierarchy.
    virtual std::vector<std::string> directories(const std::string& path) const = 0;
};

std::unique_ptr<GroupSet> make_v1_groups(const CgroupLayout& layout);
std::unique_ptr<GroupSet> make_v2_groups(const CgroupLayout& layout);

// The path without its last part; empty for a top-level group.
inline std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

// Puts back what control files held, newest first, unless all writes went well.
class WriteUndo {
public:
    WriteUndo() = default;
    WriteUndo(const WriteUndo&) = delete;
    WriteUndo& operator=(const WriteUndo&) = delete;
    ~WriteUndo() {
        // The failure that led here is what the caller must hear about.
        for (auto old = old_.rbegin(); old != old_.rend(); ++old) {
            static_cast<void>(write_control(old->group, old->file, old->value, false));
        }
    }
    // Before `file` is written. Files with a line per device are left out: what they hold is no value to write.
    void remember(const std::string& group, const std::string& file) {
        std::string value = read_control(group, file);
        if (value.empty() || value.find(':') != std::string::npos) return;
        old_.push_back({group, file, std::move(value)});
    }
    void commit() { old_.clear(); }

private:
    struct Old {
        std::string group, file, value;
    };
    std::vector<Old> old_;
};

// Removes the directories a failed create() has made. Nobody has entered them yet, so nobody is killed.
class GroupUndo {
public:
    GroupUndo() = default;
    GroupUndo(const GroupUndo&) = delete;
    GroupUndo& operator=(const GroupUndo&) = delete;
    ~GroupUndo() {
        // The failure that led here is what the caller must hear about, not that of a removal.
        for (auto group = made_.rbegin(); group != made_.rend(); ++group) static_cast<void>(remove_group(*group));
    }
    void add(std::string group) { made_.push_back(std::move(group)); }
    void commit() { made_.clear(); }

private:
    std::vector<std::string> made_;
};

}  // namespace slipway::linux_backend
