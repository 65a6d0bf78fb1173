// api/include/slipway/api/facts.hpp - what replies say about the daemon and the machine. Filled by the daemon, which
// may ask the operating system; constant while the server runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::api {

struct Facts {
    std::string version;     // of Slipway, "0.1.0"
    std::string git_commit;  // may be empty
    std::string build_time;  // RFC 3339, may be empty
    bool debug = false;

    std::string os = "linux";
    std::string arch = "amd64";      // Go's names, as clients compare them
    std::string machine = "x86_64";  // uname's name
    std::string kernel_version;
    std::string operating_system;  // "Debian GNU/Linux 12 (bookworm)"
    std::string os_version;
    std::string host_name;
    int64_t cpu_count = 1;
    int64_t memory_bytes = 0;

    std::string cgroup_driver = "cgroupfs";
    std::string cgroup_version = "1";
    bool memory_limit = false, swap_limit = false, pids_limit = false;
    bool cpu_cfs = false, cpu_shares = false, cpuset = false, oom_kill_disable = false;
    bool ipv4_forwarding = false;
    std::vector<std::string> cdi_spec_dirs;
    std::vector<std::string> security_options;  // "name=seccomp,profile=builtin"
    std::vector<std::string> warnings;          // shown by `docker info`
};

}  // namespace slipway::api
