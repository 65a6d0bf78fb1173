// daemon/src/options.hpp - what the operator asked for: command line and configuration file together.
#pragma once

#include "sys/defaults.hpp"
#include "sys/service.hpp"

#include <slipway/core/engine.hpp>
#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace slipway::daemon {

struct DaemonOptions {
    std::vector<std::string> hosts;  // empty: unix://<exec root>/slipway.sock, on Windows a named pipe
    std::string group = defaults().group;
    std::filesystem::path data_root = defaults().data_root;
    std::filesystem::path exec_root = defaults().exec_root;
    std::string pidfile;  // empty: none
    std::string bridge = "slipway0";
    std::string bip;
    std::string cgroup_parent;
    std::vector<std::string> exec_opts;      // "native.cgroupdriver=systemd" or "=cgroupfs"
    std::string cgroup_driver = "cgroupfs";  // what exec_opts say
    std::string userns_remap;                // as dockerd's; empty: containers have the host's ids
    std::string userns_pool;                 // "first:count"; empty: the ids of user "containers"
    std::vector<std::string> cdi_spec_dirs = defaults().cdi_spec_dirs;  // empty: no CDI devices
    std::filesystem::path journald_socket = "/run/systemd/journal/socket";
    std::string log_level = "info";
    std::string default_runtime = defaults().runtime;
    std::string min_api_version = "1.22";
    std::vector<std::string> backend_dirs;
    int64_t shutdown_timeout = 15;  // seconds running requests get when the daemon stops
    bool insecure_loopback = false;
    // For containers that say nothing themselves.
    bool init = false;
    bool no_new_privileges = false;
    std::string seccomp_profile;  // file, "builtin" or "unconfined"; empty: builtin
    // Only in the file.
    nlohmann::json default_ulimits = nullptr;
    std::map<std::string, int64_t> phase_deadlines;      // milliseconds by phase of a start; "default": all others
    nlohmann::json backends = nlohmann::json::object();  // {"<name>": {...}} for the backends themselves

    std::string config_file = defaults().config_file;
    bool config_file_given = false;
};

// How a run of the program begins.
struct Invocation {
    enum class Kind { kServe, kProbe, kService, kExit } kind = Kind::kServe;
    DaemonOptions options;
    std::string probe_file;  // kProbe
    ServiceRequest service;  // kService; one that runs as a service has the options as well
    int exit_code = 0;       // kExit: help, version or a bad command line; the text was printed
};

// Reads the command line, whose first word is the program, then the configuration file below it.
//   kInvalidArgument  a bad value, an unknown key in the file, or an option given in both places, all by name
//   kNotFound         --config-file names a file that does not exist
Result<Invocation> parse_invocation(const std::vector<std::string>& arguments);

// Lays the file's keys over `options`. `from_flags` holds the names given on the command line with their values; a key
// that is also there is refused, as dockerd does.
Status apply_config_file(const nlohmann::json& document,
                         const std::vector<std::pair<std::string, std::string>>& from_flags, DaemonOptions& options);

// The part of the configuration that may change while the daemon runs: the log level.
Result<core::LogLevel> parse_log_level(const std::string& text);

}  // namespace slipway::daemon
