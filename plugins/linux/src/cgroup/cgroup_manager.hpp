// plugins/linux/src/cgroup/cgroup_manager.hpp - control groups v1, v2 and the hybrid of both, behind one face.
#pragma once

#include <slipway/cpp/error.hpp>
#include <sys/unique_fd.hpp>

#include <nlohmann/json.hpp>

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// What this machine's control groups can do; probed once from mountinfo, /proc/cgroups and the group files.
struct CgroupSupport {
    enum class Version { kV1, kV2 } version = Version::kV1;  // kV1 includes the hybrid
    bool memory = false, swap = false, memory_reservation = false, kernel_memory = false, swappiness = false,
         oom_kill_disable = false;
    bool kernel_memory_tcp = false, cpu_realtime = false;
    bool cpu_shares = false, cpu_cfs = false, cpuset = false, pids = false, blkio_weight = false,
         blkio_weight_device = false, blkio_throttle = false, devices = false;
    int cpu_count = 1;
    std::string cpus, mems;      // available, cpuset list format
    bool systemd_units = false;  // groups are units of systemd, their parents slices
};

// The first process of a container that runs; `pidfd` is borrowed and tells whether `pid` still is that process.
struct FirstProcess {
    pid_t pid = -1;
    int pidfd = -1;
};

// How the container's first process enters its groups without waiting for a grace period.
struct CgroupEntry {
    // v1: one descriptor per hierarchy, of its `tasks` file opened for writing; the child writes "0" to each.
    std::vector<UniqueFd> task_files;
    // v2: the group's directory, for clone3(CLONE_INTO_CGROUP).
    std::optional<UniqueFd> directory;
    // v2: what the child needs a view of. Empty on v1.
    std::string v2_path;
    // What keeps a scope of systemd alive until then; settle() lets go of it.
    std::shared_ptr<void> holder;
};

struct CgroupLayout;  // cgroup/layout.hpp
class ScopeUnits;     // cgroup/scope_units.hpp

class CgroupManager {
public:
    // `parent` is "/slipway", `instance` the 8 hex digits that keep daemons apart: groups are <parent>/<instance>/<id>.
    // Looks at the machine, changes nothing.
    CgroupManager(std::string parent, std::string instance);
    // The same below the given mount points instead of the machine's.
    CgroupManager(std::string parent, std::string instance, CgroupLayout layout);
    // Groups are in scopes that `units` makes: "container" in slipway-<id>.scope in the slice `parent`
    // ("system.slice"). Control groups v2 only. Containers whose groups an earlier daemon made without units are found
    // at /slipway/<instance>/<id>.
    CgroupManager(std::string parent, std::string instance, std::unique_ptr<ScopeUnits> units);
    CgroupManager(std::string parent, std::string instance, std::unique_ptr<ScopeUnits> units, CgroupLayout layout);

    const CgroupSupport& support() const;

    // Makes the groups and writes the limits and device rules of `resources` (linux.resources of an OCI spec). A
    // failure leaves none behind. `path` is where: group_path(), or empty for the usual place. Directories made above
    // it go with the last container that needs them.
    //   kInvalidArgument  `path` does not end in the id, or lies in another container's groups
    //   kUnavailable      systemd cannot be reached, or refuses
    Result<CgroupEntry> create(const std::string& container_id, const nlohmann::json& resources,
                               const std::string& path = {});

    // To be called once the first process has entered and before it runs.
    Status settle(const std::string& container_id, CgroupEntry& entry);

    // Where the groups of a container belong whose HostConfig.CgroupParent is `parent`, as create() takes it.
    //   kInvalidArgument  `parent` is no name of a parent; with units, no slice
    Result<std::string> group_path(const std::string& container_id, const std::string& parent) const;

    // What must be kept of a container below a parent of its own so that a later daemon finds its groups; empty for
    // others. recall() takes it up again and ignores what is not such a text.
    std::string placement(const std::string& container_id) const;
    void recall(const std::string& container_id, const std::string& placement);

    // Writes the limits of `resources` to a container's groups. What was written before a failure is put back.
    Status update(const std::string& container_id, const nlohmann::json& resources);

    // Where a container's groups are: <parent>/<instance>/<id>, or where create() was told to make them.
    std::string path_of(const std::string& container_id) const;
    // <parent>/<instance>/<id>, whatever create() was told.
    std::string usual_path_of(const std::string& container_id) const;

    // The directory of a container's group that has `controller`, or any of them when that is empty. Empty: nothing has
    // the controller.
    std::string directory_of(const std::string& container_id, const std::string& controller = {}) const;

    // Where memory-limit events are counted: path of memory.oom_control (v1) or memory.events (v2); empty without.
    std::string oom_file(const std::string& container_id) const;
    // How many processes the limit has killed so far; 0 when unknown.
    uint64_t oom_kills(const std::string& container_id) const;

    // How a further process enters the groups of a container, whose first process is `first`. kNotFound: it has none.
    //
    // A v2 container may have made groups of its own and passed controllers on to them, as a service manager in it
    // does; then its group holds no processes any more and the way leads to where `first` is. Moving takes a container
    // two steps, between which the kernel may still refuse the entry with EBUSY: ask again.
    Result<CgroupEntry> enter(const std::string& container_id, const FirstProcess& first);

    // Stops every process inside; true once all stand still, to be called again until then. kUnavailable: this machine
    // has no freezer. Frozen processes of v1 do not die of SIGKILL before they are thawed; destroy() thaws.
    Result<bool> freeze(const std::string& container_id);
    // Not frozen, or gone, is success.
    Status thaw(const std::string& container_id);

    // Kills everything inside and removes the groups. Gone already is success.
    Status destroy(const std::string& container_id);

    // Ids of groups that exist below our parent and instance, and of our scopes. kUnavailable: systemd does not answer.
    Result<std::vector<std::string>> list() const;

    // Removes <parent>/<instance> and <parent> where they are empty.
    void remove_parents();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace slipway::linux_backend
