// plugins/linux/src/spec/build_spec.hpp - from the engine's view of a container to its OCI runtime-spec document.
#pragma once

#include <cgroup/cgroup_manager.hpp>
#include <slipway/cpp/error.hpp>
#include <spec/id_map.hpp>
#include <spec/kernel_facts.hpp>

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// What build_spec reads besides the request. References and the descriptor are borrowed for the call.
struct SpecContext {
    const KernelFacts& kernel;
    int root_fd = -1;                          // PreparedRoot.tree: where /etc/passwd and /etc/group are looked up
    std::string cgroups_path;                  // becomes linux.cgroupsPath: "/slipway/<instance>/<id>"
    std::vector<std::string> mount_targets;    // the user's mounts; a standard mount they cover is left out
    std::vector<std::string> cdi_directories;  // of CDI specifications; none: no such devices
    const IdMap* id_map = nullptr;             // for one with a user name space of its own, or joined
    // The host's pid of another container's first process, for "container:<id>" name spaces. Empty: not offered.
    std::function<Result<int64_t>(const std::string& container)> container_pid;
};

// Builds an OCI runtime-spec 1.0.2 document from the `request` of slw_create_ops.build_spec. Reads the container's user
// database and device nodes of the host, changes nothing. Beyond 1.0.2 it uses `domainname` (1.1) and `process.init`.
//
// How the document is to be read where OCI leaves room:
//   linux.namespaces  "mount" always; "pid", "ipc", "uts", "network", "cgroup" unless shared with the host. An entry
//                     with a "path" is to be joined. "network" has no path: the sandbox knows the name space.
//                     "user" with `id_map`, which linux.uidMappings and gidMappings repeat; the container's handle has
//                     the name space itself
//   mounts            the standard set, parents first, and those of CDI devices; the user's mounts come from
//                     slw.mount/1. A "bind" entry has a host path as source or, for /dev/shm, a place in another
//                     container, "/proc/<pid>/root/dev/shm" (sys/foreign_mount.hpp).
//   process.init      true: the command runs as a child of our own reaper (supervisor/src/init.cpp)
//   process.rlimits   always has RLIMIT_NOFILE
//   linux.seccomp     absent: no filter. Else everything depends on the profile alone; give it to SeccompCache
//   linux.sysctl      to be written inside the new name spaces
//
//   kInvalidArgument  an unusable user, capability, device, security option or sysctl; the text says which
//   kNotFound         a device of the host that is not there; resource has its path
//   kUnimplemented    "container:" name spaces without `container_pid`
Result<nlohmann::json> build_spec(const nlohmann::json& request, const SpecContext& context);

// The parts of that document that concern a further process in a running container: `process`, and `linux` with
// `seccomp` alone. `request` is as for slw_exec_ops.start; of `context` only the kernel and the root are used.
Result<nlohmann::json> build_exec_spec(const nlohmann::json& request, const SpecContext& context);

}  // namespace slipway::linux_backend
