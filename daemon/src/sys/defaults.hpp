// daemon/src/sys/defaults.hpp - where things are on this platform unless the operator says otherwise.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace slipway::daemon {

struct Defaults {
    std::filesystem::path data_root, exec_root;
    std::string config_file;
    std::string runtime;  // the backend of containers that name none
    std::vector<std::string> cdi_spec_dirs;
    std::string group;
    // A backend that needs longer than this to load would hold up every start of the daemon.
    std::chrono::milliseconds probe_limit;
};
const Defaults& defaults();

// Where clients connect when no --host is given.
std::string default_host(const std::filesystem::path& exec_root);

// The forms of --host, for its help.
const char* host_forms();

}  // namespace slipway::daemon
