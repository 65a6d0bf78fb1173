// cli/src/run_options.hpp - the options of `run` and `create`, with docker's names, and the request they make.
#pragma once

#include <nlohmann/json.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::cli {

struct RunOptions {
    std::string name, workdir, user, hostname, entrypoint, network = "default", memory, memory_swap, memory_reservation,
                                                           shm_size, log_driver, stop_signal, runtime, pid, ipc, uts,
                                                           cgroupns, platform;
    std::vector<std::string> env, env_files, volumes, mounts, tmpfs, publish, labels, cap_add, cap_drop, dns,
        dns_search, dns_options, add_host, ulimits, log_opts, security_opt, sysctls, group_add, expose, links,
        volumes_from;
    double cpus = 0;
    int64_t cpu_shares = 0, pids_limit = 0;
    int stop_timeout = -1, oom_score_adj = 0;
    std::string cpuset_cpus;
    bool interactive = false, tty = false, detach = false, remove = false, publish_all = false, read_only = false,
         privileged = false, init = false;

    // Everything docker's `run` has that Slipway knows; `detach` and the streams only make sense for `run`.
    void add_to(CLI::App& command, bool for_run);
};

// The body of POST /containers/create. Throws CommandError (exit code 125) naming the option that makes no sense.
nlohmann::json create_request(const RunOptions& options, const std::string& image,
                              const std::vector<std::string>& command);

}  // namespace slipway::cli
