// A v2 container has one group. Its first process is born in it (CLONE_INTO_CGROUP). Controllers must be enabled in
// every group above it, and a group that passes controllers on may hold no processes: ours never do.
#include <cgroup/device_program.hpp>
#include <cgroup/group_files.hpp>
#include <cgroup/group_set.hpp>
#include <cgroup/limits.hpp>
#include <sys/pidfd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <sstream>

namespace slipway::linux_backend {

namespace {

// Those first that no group with processes may pass on; the others it may, and turns its groups into ones for threads.
constexpr const char* kControllers[] = {"memory", "io", "cpu", "cpuset", "pids"};

class V2Groups : public GroupSet {
public:
    explicit V2Groups(CgroupLayout layout) : layout_(std::move(layout)) {}

    Result<CgroupEntry> create(const std::string& path, const nlohmann::json& resources) override;
    Status open_parents(const std::string& path) override { return make_parents(path); }
    Result<CgroupEntry> enter(const std::string& path, const FirstProcess& first) override;
    Result<bool> freeze(const std::string& path) override;
    Status thaw(const std::string& path) override;
    Status update(const std::string& path, const nlohmann::json& resources) override;
    Status destroy(const std::string& path) override;
    std::string oom_file(const std::string& path) const override;
    std::string directory(const std::string& path, const std::string&) const override { return layout_.unified + path; }
    std::vector<std::string> directories(const std::string& path) const override { return {layout_.unified + path}; }

private:
    Status make(const std::string& path);
    UniqueFd open_group_of(const FirstProcess& first, const std::string& path) const;
    Status make_parents(const std::string& path);
    CgroupWrite named_here(const std::string& group, const CgroupWrite& limit) const;
    Status write(const std::string& group, const CgroupWrite& limit) const;
    std::string why_not_passed_on(const std::string& group, const std::string& controller) const;
    Status write_all(const std::string& path, const std::vector<CgroupWrite>& limits);
    void pass_controllers_on(const std::string& group);
    Status restrict_devices(int directory_fd, const nlohmann::json& resources);

    const CgroupLayout layout_;
    std::mutex mutex_;  // of parents being made
    DevicePrograms programs_;
};

// Only ever adds: on the root others rely on what is enabled. What cannot be enabled shows when a limit is written.
void V2Groups::pass_controllers_on(const std::string& group) {
    const auto words = [](const std::string& text) { return " " + text + " "; };
    const std::string available = words(read_control(layout_.unified, "cgroup.controllers"));
    const std::string enabled = words(read_control(group, "cgroup.subtree_control"));
    for (const std::string controller : kControllers) {
        const std::string word = words(controller);
        if (available.find(word) == std::string::npos || enabled.find(word) != std::string::npos) continue;
        // One at a time: a single write of all of them fails as a whole.
        const Status written = write_control(group, "cgroup.subtree_control", "+" + controller, layout_.plain_files);
        if (!written && written.error().os().code == EBUSY) return;  // processes inside
    }
}

Status V2Groups::make_parents(const std::string& path) {
    const std::lock_guard lock(mutex_);
    pass_controllers_on(layout_.unified);
    for (size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
        const std::string group = layout_.unified + path.substr(0, end);
        if (::mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) {
            return Error::from_errno(errno, "mkdir '" + group + "'").with_operation("mkdir").with_resource(group);
        }
        pass_controllers_on(group);
    }
    return ok();
}

Status V2Groups::make(const std::string& path) {
    const std::string group = layout_.unified + path;
    for (int attempt = 0; attempt < 3; ++attempt) {
        if (::mkdir(group.c_str(), 0755) == 0) return ok();
        const int err = errno;
        if (err == ENOENT) {
            if (Status parents = make_parents(path); !parents) return parents;
        } else if (err == EEXIST) {
            // Left behind by a start that died. With somebody inside it is not ours to take.
            if (Status removed = remove_group(group); !removed) return removed;
        } else {
            return Error::from_errno(err, "mkdir '" + group + "'").with_operation("mkdir").with_resource(group);
        }
    }
    return Error(ErrorCode::kConflict, "cgroup '" + group + "' is made and removed by somebody else")
        .with_resource(group);
}

Status V2Groups::restrict_devices(int directory_fd, const nlohmann::json& resources) {
    Result<std::vector<DeviceRule>> rules = read_device_rules(resources);
    if (!rules) return std::move(rules).error();
    const bool allow_all = !rules->empty() && rules->back().allow && rules->back().covers_everything();
    if (rules->empty() || allow_all || layout_.plain_files) return ok();
    const Result<std::shared_ptr<const UniqueFd>> program = programs_.get(*rules);
    if (!program) return program.error();
    return attach_device_program(directory_fd, (*program)->get());
}

// BFQ's weights where its scheduler provides them, else those of the cost controller.
CgroupWrite V2Groups::named_here(const std::string& group, const CgroupWrite& limit) const {
    const bool is_weight = limit.file == "io.bfq.weight";
    if (!is_weight || ::access((group + "/" + limit.file).c_str(), F_OK) == 0) return limit;
    return {limit.controller, "io.weight", io_weight_of(limit.value)};
}

Status V2Groups::write(const std::string& group, const CgroupWrite& limit) const {
    Status written = write_control(group, limit.file, limit.value, layout_.plain_files);
    if (written || written.error().os().code != ENOENT || layout_.plain_files) return written;
    return std::move(written).error().with_hint(why_not_passed_on(group, limit.controller));
}

std::string V2Groups::why_not_passed_on(const std::string& group, const std::string& controller) const {
    const std::string word = " " + controller + " ";
    for (size_t end = layout_.unified.size(); end != std::string::npos; end = group.find('/', end + 1)) {
        const std::string above = group.substr(0, end);
        if ((" " + read_control(above, "cgroup.subtree_control") + " ").find(word) != std::string::npos) continue;
        std::string hint = "the '" + controller + "' controller is not enabled in '" + above + "'";
        // The real root may hold processes; it has no type.
        const bool in_the_way =
            ::access((above + "/cgroup.type").c_str(), F_OK) == 0 && !read_control(above, "cgroup.procs").empty();
        if (in_the_way) hint += ": a group that has processes of its own cannot pass controllers on, move them away";
        return hint;
    }
    return "the kernel was built without this limit";
}

Status V2Groups::write_all(const std::string& path, const std::vector<CgroupWrite>& limits) {
    const std::string group = layout_.unified + path;
    bool enabled_again = false;
    for (const CgroupWrite& limit : limits) {
        Status written = write(group, named_here(group, limit));
        // A service manager takes controllers away from its children where nobody has told it of ours.
        if (!written && written.error().os().code == ENOENT && !enabled_again) {
            enabled_again = true;
            if (Status parents = make_parents(path); !parents) return parents;
            written = write(group, named_here(group, limit));
        }
        if (!written) return written;
    }
    return ok();
}

Result<CgroupEntry> V2Groups::create(const std::string& path, const nlohmann::json& resources) {
    if (Status made = make(path); !made) return std::move(made).error();
    const std::string group = layout_.unified + path;
    GroupUndo undo;
    undo.add(group);

    UniqueFd directory{::open(group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory) return Error::from_errno(errno, "open '" + group + "'").with_resource(group);
    if (Status restricted = restrict_devices(directory.get(), resources); !restricted) {
        return std::move(restricted).error().context("cgroup '" + group + "'");
    }
    if (Status written = write_all(path, v2_writes(resources)); !written) return std::move(written).error();

    undo.commit();
    CgroupEntry entry;
    entry.directory = std::move(directory);
    entry.v2_path = path;
    return entry;
}

// The group `first` is in if that lies below `path`; unset otherwise.
UniqueFd V2Groups::open_group_of(const FirstProcess& first, const std::string& path) const {
    std::istringstream lines(read_control("/proc/" + std::to_string(first.pid), "cgroup"));
    std::string line;
    while (std::getline(lines, line) && !line.starts_with("0::")) {
    }
    const std::string found = line.substr(std::min(line.size(), size_t{3}));
    if (!found.starts_with(path + "/") || has_ended(first.pidfd)) return {};
    return UniqueFd(::open((layout_.unified + found).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Result<CgroupEntry> V2Groups::enter(const std::string& path, const FirstProcess& first) {
    const std::string group = layout_.unified + path;
    CgroupEntry entry;
    entry.v2_path = path;
    if (!read_control(group, "cgroup.subtree_control").empty()) entry.directory = open_group_of(first, path);
    if (entry.directory && *entry.directory) return entry;
    entry.directory = UniqueFd(::open(group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!*entry.directory) {
        const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kSystem;
        return Error::from_errno(errno, "open '" + group + "'").with_code(code).with_resource(group);
    }
    return entry;
}

Result<bool> V2Groups::freeze(const std::string& path) {
    const std::string group = layout_.unified + path;
    // Since 5.2.
    if (Status written = write_control(group, "cgroup.freeze", "1", layout_.plain_files); !written) {
        return std::move(written).error();
    }
    return read_control(group, "cgroup.events").find("frozen 1") != std::string::npos;
}

Status V2Groups::thaw(const std::string& path) {
    Status written = write_control(layout_.unified + path, "cgroup.freeze", "0", layout_.plain_files);
    return written || written.error().os().code == ENOENT ? ok() : std::move(written);
}

Status V2Groups::update(const std::string& path, const nlohmann::json& resources) {
    const std::string group = layout_.unified + path;
    const std::vector<CgroupWrite> limits = v2_writes(resources);
    WriteUndo undo;
    for (const CgroupWrite& limit : limits) undo.remember(group, named_here(group, limit).file);
    if (Status written = write_all(path, limits); !written) return written;
    undo.commit();
    return ok();
}

Status V2Groups::destroy(const std::string& path) {
    const std::string group = layout_.unified + path;
    if (::rmdir(group.c_str()) == 0 || errno == ENOENT) return ok();

    // Since 5.14 one write kills a whole tree, forks included; before, and where it did not suffice, one by one.
    static_cast<void>(write_control(group, "cgroup.kill", "1", false));
    static_cast<void>(write_control(group, "cgroup.freeze", "0", false));
    Status killed = kill_groups({group}, {});
    Status removed = remove_group(group);
    return killed ? std::move(removed) : std::move(killed);
}

std::string V2Groups::oom_file(const std::string& path) const {
    return layout_.unified + path + "/memory.events";
}

}  // namespace

std::unique_ptr<GroupSet> make_v2_groups(const CgroupLayout& layout) {
    return std::make_unique<V2Groups>(layout);
}

}  // namespace slipway::linux_backend
