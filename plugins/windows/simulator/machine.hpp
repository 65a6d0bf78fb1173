// plugins/windows/simulator/machine.hpp - what a simulated virtual machine holds of the host, and what its guest made
// of it.
#pragma once

#include <documents/guid.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace slipway::simulated_hcs {

class Host;
struct System;

struct Machine {
    struct Share {
        std::string path;
        bool read_only = false;
    };

    bool paused = false;
    std::map<std::string, Share> shares;                              // by name
    std::map<std::string, std::filesystem::path> attachments;         // by LUN of controller 0
    std::set<std::string> pipes;                                      // paths on the host
    std::map<windows_backend::Guid, windows_backend::Guid> adapters;  // their endpoints

    // The guest's side.
    std::map<std::string, std::string> mounted;      // LUN by directory
    std::map<std::string, nlohmann::json> combined;  // layers by root
    std::set<windows_backend::Guid> name_spaces;
    std::map<windows_backend::Guid, windows_backend::Guid> announced;  // adapters to come, with their endpoints
};

// machines.cpp: parts of a machine and of a container in one, when they are made. What is wrong, or nothing.
std::optional<std::string> claim_machine_parts(Host& host, System& system);
std::optional<std::string> claim_hosted_parts(Host& host, System& system);
// One part each, when the machine is made or later.
std::optional<std::string> attach_to_machine(Host& host, System& vm, const std::string& lun, const std::string& path);
std::optional<std::string> add_share(Machine& machine, const nlohmann::json& share);
// A container of this machine uses the root, the share of this guest path, or the mapped pipe.
bool is_used_by_hosted(Host& host, const System& machine, const std::string& guest_path);

}  // namespace slipway::simulated_hcs
