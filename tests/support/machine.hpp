// tests/support/machine.hpp - what the machine holds, to be compared before and after.
#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace slipway::testing {

// Everything an engine could leave behind, as sorted sets of lines by kind: "mounts", "links", "firewall", "cgroups",
// "processes" (supervisors), "netns" (distinct network name spaces), "descriptors" (of `daemon`, by kind of target).
using MachineState = std::map<std::string, std::multiset<std::string>>;

// `daemon`: whose descriptors to list; 0 for none. `cgroup_parent`: the name below each hierarchy to look at.
MachineState machine_state(pid_t daemon, const std::string& cgroup_parent);

// "" when equal, else the lines that came (+) and went (-), by kind.
std::string difference(const MachineState& before, const MachineState& after);

// Waits until difference() is empty, since the kernel frees name spaces and their links a little later.
std::string settled_difference(const MachineState& before, pid_t daemon, const std::string& cgroup_parent);

// Mount points of the machine's control groups: of each v1 hierarchy, or the one of v2.
std::vector<std::string> cgroup_roots();

// What a DaemonUnderTest with this tag (its process id) has left: a line each, "" when nothing.
std::string remains_of(const std::string& tag);

}  // namespace slipway::testing
