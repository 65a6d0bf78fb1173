// A v1 container has a group of the same name in every mounted hierarchy. Its first process enters them by writing "0"
// to each `tasks` file itself: attaching it from outside through cgroup.procs waits for a grace period (10 ms).
#include <cgroup/group_files.hpp>
#include <cgroup/group_set.hpp>
#include <cgroup/limits.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace slipway::linux_backend {

namespace {

class V1Groups : public GroupSet {
public:
    explicit V1Groups(CgroupLayout layout) : layout_(std::move(layout)) {}

    Result<CgroupEntry> create(const std::string& path, const nlohmann::json& resources) override;
    Status open_parents(const std::string&) override { return ok(); }
    Result<CgroupEntry> enter(const std::string& path, const FirstProcess&) override;
    Result<bool> freeze(const std::string& path) override;
    Status thaw(const std::string& path) override;
    Status update(const std::string& path, const nlohmann::json& resources) override;
    Status destroy(const std::string& path) override;
    std::string oom_file(const std::string& path) const override;
    std::string directory(const std::string& path, const std::string& controller) const override;
    std::vector<std::string> directories(const std::string& path) const override;

private:
    Status make(const CgroupHierarchy& hierarchy, const std::string& path, GroupUndo& undo);
    Status make_parents(const CgroupHierarchy& hierarchy, const std::string& path);
    Status fill_cpuset(const CgroupHierarchy& hierarchy, const std::string& path);
    Status raise_realtime(const CgroupHierarchy& hierarchy, const std::string& path, int64_t runtime);
    Status apply(const std::string& path, const std::vector<CgroupWrite>& writes, WriteUndo* undo = nullptr);
    void order_memory(const std::string& path, std::vector<CgroupWrite>& writes) const;
    std::string control_file(const std::string& group, const std::string& file) const;
    Result<UniqueFd> open_tasks(const CgroupHierarchy& hierarchy, const std::string& path) const;

    const CgroupLayout layout_;
    std::mutex parents_mutex_;  // held while parents are made, which several containers may need at once
};

int make_directory(const std::string& path) {
    return ::mkdir(path.c_str(), 0755) == 0 ? 0 : errno;
}

// A group starts with no processors and no memory, and nobody can enter it. clone_children makes the kernel copy both
// into groups made below; the root's need not have it.
Status V1Groups::fill_cpuset(const CgroupHierarchy& hierarchy, const std::string& path) {
    const std::string group = hierarchy.mount_point + path;
    const std::string above = hierarchy.mount_point + parent_of(path);
    for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
        if (!read_control(group, file).empty()) continue;
        // A parent that somebody made and never gave any.
        if (read_control(above, file).empty() && !parent_of(path).empty()) {
            if (Status filled = fill_cpuset(hierarchy, parent_of(path)); !filled) return filled;
        }
        const std::string value = read_control(above, file);
        if (Status written = write_control(group, file, value, layout_.plain_files); !written) return written;
    }
    return ok();
}

Status V1Groups::make_parents(const CgroupHierarchy& hierarchy, const std::string& path) {
    const std::lock_guard lock(parents_mutex_);
    for (size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        const std::string group = hierarchy.mount_point + part;
        const int err = make_directory(group);
        if (err == EEXIST) continue;
        if (err != 0)
            return Error::from_errno(err, "mkdir '" + group + "'").with_operation("mkdir").with_resource(group);
        if (!hierarchy.has("cpuset")) continue;
        if (Status filled = fill_cpuset(hierarchy, part); !filled) return filled;
        if (Status set = write_control(group, "cgroup.clone_children", "1", layout_.plain_files); !set) return set;
    }
    return ok();
}

Status V1Groups::make(const CgroupHierarchy& hierarchy, const std::string& path, GroupUndo& undo) {
    const std::string group = hierarchy.mount_point + path;
    int err = make_directory(group);
    if (err == ENOENT) {
        if (Status parents = make_parents(hierarchy, path); !parents) return parents;
        err = make_directory(group);
    }
    if (err == EEXIST) {
        // Left behind by a start that died. With somebody inside it is not ours to take.
        if (Status removed = remove_group(group); !removed) return removed;
        err = make_directory(group);
    }
    if (err != 0) return Error::from_errno(err, "mkdir '" + group + "'").with_operation("mkdir").with_resource(group);
    undo.add(group);
    return hierarchy.has("cpuset") ? fill_cpuset(hierarchy, path) : ok();
}

// The weight has another name where the BFQ scheduler provides it.
std::string V1Groups::control_file(const std::string& group, const std::string& file) const {
    const bool has_two_names = file == "blkio.weight" || file == "blkio.weight_device";
    if (!has_two_names || ::access((group + "/" + file).c_str(), F_OK) == 0) return file;
    return "blkio.bfq." + file.substr(sizeof("blkio.") - 1);
}

// The kernel gives a group real-time only out of its parent's, and a new group has none: what the groups above lack is
// added to them, outermost first. The root's share is the machine's and stays.
Status V1Groups::raise_realtime(const CgroupHierarchy& hierarchy, const std::string& path, int64_t runtime) {
    const std::lock_guard lock(parents_mutex_);
    constexpr const char* kFile = "cpu.rt_runtime_us";
    for (size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
        const std::string group = hierarchy.mount_point + path.substr(0, end);
        int64_t needed = runtime;
        for (const std::string& child : subgroups(group)) {
            needed += std::atoll(read_control(group + "/" + child, kFile).c_str());
        }
        if (std::atoll(read_control(group, kFile).c_str()) >= needed) continue;
        Status written = write_control(group, kFile, std::to_string(needed), layout_.plain_files);
        if (!written) return written;
    }
    return ok();
}

Status V1Groups::apply(const std::string& path, const std::vector<CgroupWrite>& writes, WriteUndo* undo) {
    for (const CgroupWrite& write : writes) {
        const CgroupHierarchy* hierarchy = layout_.find(write.controller);
        if (hierarchy == nullptr) {
            return Error(ErrorCode::kUnavailable, "the '" + write.controller + "' control group is not mounted")
                .with_resource(write.controller);
        }
        const std::string group = hierarchy->mount_point + path;
        const std::string file = control_file(group, write.file);
        if (file == "cpu.rt_runtime_us") {
            if (Status raised = raise_realtime(*hierarchy, path, std::atoll(write.value.c_str())); !raised)
                return raised;
        }
        if (undo != nullptr) undo->remember(group, file);
        Status written = write_control(group, file, write.value, layout_.plain_files);
        if (!written) return written;
    }
    return ok();
}

Result<UniqueFd> V1Groups::open_tasks(const CgroupHierarchy& hierarchy, const std::string& path) const {
    const std::string tasks = hierarchy.mount_point + path + "/tasks";
    UniqueFd file{::open(tasks.c_str(), O_WRONLY | O_CLOEXEC | (layout_.plain_files ? O_CREAT : 0), 0600)};
    if (file) return file;
    const int err = errno;
    Error error = Error::from_errno(err, "open '" + tasks + "'").with_operation("open").with_resource(tasks);
    return err == ENOENT ? std::move(error).with_code(ErrorCode::kNotFound) : error;
}

Result<CgroupEntry> V1Groups::enter(const std::string& path, const FirstProcess&) {
    CgroupEntry entry;
    for (const CgroupHierarchy& hierarchy : layout_.hierarchies) {
        Result<UniqueFd> file = open_tasks(hierarchy, path);
        if (!file) return std::move(file).error();
        entry.task_files.push_back(std::move(*file));
    }
    return entry;
}

// A process that was just being made may escape the first write, so it is written until the kernel says FROZEN.
Result<bool> V1Groups::freeze(const std::string& path) {
    const CgroupHierarchy* freezer = layout_.find("freezer");
    if (freezer == nullptr) {
        return Error(ErrorCode::kUnavailable, "the 'freezer' control group is not mounted").with_resource("freezer");
    }
    const std::string group = freezer->mount_point + path;
    if (Status written = write_control(group, "freezer.state", "FROZEN", layout_.plain_files); !written) {
        return std::move(written).error();
    }
    return read_control(group, "freezer.state") == "FROZEN";
}

Status V1Groups::thaw(const std::string& path) {
    const CgroupHierarchy* freezer = layout_.find("freezer");
    if (freezer == nullptr) return ok();
    Status written = write_control(freezer->mount_point + path, "freezer.state", "THAWED", layout_.plain_files);
    return written || written.error().os().code == ENOENT ? ok() : std::move(written);
}

Result<CgroupEntry> V1Groups::create(const std::string& path, const nlohmann::json& resources) {
    Result<std::vector<CgroupWrite>> writes = v1_writes(resources);
    if (!writes) return std::move(writes).error();

    GroupUndo undo;
    CgroupEntry entry;
    for (const CgroupHierarchy& hierarchy : layout_.hierarchies) {
        if (Status made = make(hierarchy, path, undo); !made) return std::move(made).error();
        Result<UniqueFd> file = open_tasks(hierarchy, path);
        if (!file) return std::move(file).error();
        entry.task_files.push_back(std::move(*file));
    }
    if (Status applied = apply(path, *writes); !applied) return std::move(applied).error();
    undo.commit();
    return entry;
}

// Neither limit may pass the other: one that rises above the present memory+swap limit goes after it.
void V1Groups::order_memory(const std::string& path, std::vector<CgroupWrite>& writes) const {
    const auto find = [&](const char* file) {
        return std::find_if(writes.begin(), writes.end(), [&](const CgroupWrite& write) { return write.file == file; });
    };
    const auto limit = find("memory.limit_in_bytes");
    const auto both = find("memory.memsw.limit_in_bytes");
    const CgroupHierarchy* memory = layout_.find("memory");
    if (memory == nullptr || limit == writes.end() || both == writes.end()) return;
    const std::string present = read_control(memory->mount_point + path, both->file);
    const auto number = [](const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); };
    if (both->value == "-1" || number(limit->value) > number(present)) std::iter_swap(limit, both);
}

Status V1Groups::update(const std::string& path, const nlohmann::json& resources) {
    Result<std::vector<CgroupWrite>> writes = v1_writes(resources);
    if (!writes) return std::move(writes).error();
    order_memory(path, *writes);
    WriteUndo undo;
    if (Status applied = apply(path, *writes, &undo); !applied) return applied;
    undo.commit();
    return ok();
}

Status V1Groups::destroy(const std::string& path) {
    // Nearly always everything has ended, and a rmdir per hierarchy is all there is to do.
    std::vector<std::string> left;
    for (const std::string& group : directories(path)) {
        if (::rmdir(group.c_str()) != 0 && errno != ENOENT) left.push_back(group);
    }
    if (left.empty()) return ok();

    const CgroupHierarchy* freezer = layout_.find("freezer");
    Status outcome = kill_groups(left, freezer == nullptr ? std::string() : freezer->mount_point + path);
    for (const std::string& group : left) {
        Status removed = remove_group(group);
        if (!removed && outcome) outcome = std::move(removed);
    }
    return outcome;
}

std::string V1Groups::oom_file(const std::string& path) const {
    const CgroupHierarchy* memory = layout_.find("memory");
    return memory == nullptr ? std::string() : memory->mount_point + path + "/memory.oom_control";
}

std::string V1Groups::directory(const std::string& path, const std::string& controller) const {
    if (layout_.hierarchies.empty()) return {};
    const CgroupHierarchy* hierarchy = controller.empty() ? layout_.hierarchies.data() : layout_.find(controller);
    return hierarchy == nullptr ? std::string() : hierarchy->mount_point + path;
}

std::vector<std::string> V1Groups::directories(const std::string& path) const {
    std::vector<std::string> all;
    for (const CgroupHierarchy& hierarchy : layout_.hierarchies) all.push_back(hierarchy.mount_point + path);
    return all;
}

}  // namespace

std::unique_ptr<GroupSet> make_v1_groups(const CgroupLayout& layout) {
    return std::make_unique<V1Groups>(layout);
}

}  // namespace slipway::linux_backend
