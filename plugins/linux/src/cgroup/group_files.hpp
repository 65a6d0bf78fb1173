// plugins/linux/src/cgroup/group_files.hpp - the directories and control files that groups are.
#pragma once

#include <slipway/cpp/error.hpp>

#include <sys/types.h>

#include <string>
#include <vector>

namespace slipway::linux_backend {

// Writes one control file in a single write(), as the kernel wants it. `create` makes a missing file.
Status write_control(const std::string& group, const std::string& file, const std::string& value, bool create);

// The file's text without the trailing newline; empty when it cannot be read.
std::string read_control(const std::string& group, const std::string& file);

// Names of the groups directly below.
std::vector<std::string> subgroups(const std::string& group);

// Processes in the group and everything below it, as this process' pid name space sees them.
std::vector<pid_t> pids_in(const std::string& group);

// Removes the group and everything below it, waiting at most 100 ms for the kernel to let go of processes that have
// just ended. Gone already is success. Kills nobody: kConflict when processes are left.
Status remove_group(const std::string& group);

// SIGKILL to all that is in `groups`, again until nothing is left; kUnavailable after two seconds. `freezer`, empty for
// none, is a v1 freezer group of the same processes: it holds forks still while they are killed.
Status kill_groups(const std::vector<std::string>& groups, const std::string& freezer);

}  // namespace slipway::linux_backend
