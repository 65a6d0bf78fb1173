// Virtual machines: what they are made of, pausing, and who may open which file.
#include "host.hpp"
#include "schema.hpp"

#include <documents/utf8_text.hpp>
#include <documents/vm_requests.hpp>

namespace slipway::simulated_hcs {
namespace {

namespace fs = std::filesystem;
using State = System::State;
using windows_backend::path_from_utf8;

// What the firmware is to start must be in the share it starts from.
Problem check_boot(const Machine& machine, const json& document) {
    const json boot = document["VirtualMachine"]["Chipset"]["Uefi"]["BootThis"];
    if (boot["DeviceType"] != "VmbFs") return "VirtualMachine.Chipset.Uefi.BootThis: only VmbFs is simulated";
    const auto share = machine.shares.find("os");
    if (share == machine.shares.end()) return "VirtualMachine.Devices.VirtualSmb: has no share 'os' to boot from";
    fs::path loader = path_from_utf8(share->second.path);
    const std::string path = boot["DevicePath"];
    for (size_t at = 1; at < path.size();) {
        const size_t end = std::min(path.find('\\', at), path.size());
        loader /= path.substr(at, end - at);
        at = end + 1;
    }
    std::error_code ignored;
    if (fs::is_regular_file(loader, ignored)) return std::nullopt;
    return "VirtualMachine.Chipset.Uefi.BootThis: no such file in the share 'os'";
}

// The layers must be those that the guest combined there, and nobody else may live on them.
Problem check_guest_storage(Host& host, const System& vm, const json& storage) {
    const auto root = vm.machine->combined.find(storage["Path"]);
    if (root == vm.machine->combined.end()) return "HostedSystem.Container.Storage.Path: no combined layers are there";
    if (root->second != storage["Layers"]) {
        return "HostedSystem.Container.Storage.Layers: differ from those that were combined";
    }
    if (is_used_by_hosted(host, vm, storage["Path"])) return "HostedSystem.Container.Storage.Path: is in use";
    return std::nullopt;
}

Problem check_guest_mappings(const Machine& machine, const json& container) {
    for (const json& mapping : container.value("MappedDirectories", json::array())) {
        const Machine::Share* found = nullptr;
        for (const auto& [name, share] : machine.shares) {
            if (mapping["HostPath"] == windows_backend::share_in_guest(name)) found = &share;
        }
        if (found == nullptr) return "HostedSystem.Container.MappedDirectories: HostPath is no share of the machine";
        if (found->read_only != mapping.value("ReadOnly", false)) {
            return "HostedSystem.Container.MappedDirectories: ReadOnly is not what the share is";
        }
    }
    for (const json& mapping : container.value("MappedPipes", json::array())) {
        bool found = false;
        for (const std::string& pipe : machine.pipes) {
            found = found || mapping["HostPath"] == windows_backend::pipe_in_guest(pipe);
        }
        if (!found) return "HostedSystem.Container.MappedPipes: HostPath is no pipe of the machine";
    }
    const json networking = container.value("Networking", json::object());
    if (!networking.contains("Namespace")) return std::nullopt;
    const auto guid = Guid::parse(networking["Namespace"].get<std::string>());
    if (machine.name_spaces.count(*guid) != 0) return std::nullopt;
    return "HostedSystem.Container.Networking.Namespace: the guest has none of this GUID";
}

// Without this HCS lets go of the guest when the machine is paused, and of all that is reached through it.
bool stays_connected(const System& machine) {
    const json connection = machine.document["VirtualMachine"].value("GuestConnection", json::object());
    return connection.value("UseConnectedSuspend", false);
}

void hold_processes(Host& host, const System& machine, bool still) {
    for (const auto& hosted : host.hosted_by(machine)) {
        for (const auto& [pid, process] : hosted->processes) {
            if (!process->exited) process->child->hold(still);
        }
    }
}

Hresult set_paused(const char* function, raw::Handle handle, raw::Handle operation, raw::Text options, bool paused) {
    if (options != nullptr) return raw::kInvalidArgument;
    return on_system(function, handle, operation, [paused](const auto& system) -> Outcome {
        // Silos of the host cannot be held, nor containers apart from their machine.
        if (!system->machine) return {raw::kNotImplemented, ""};
        if (system->state == State::kStopped) return {raw::kHcsSystemAlreadyStopped, ""};
        if (system->state != State::kRunning || system->machine->paused == paused) return {raw::kHcsInvalidState, ""};
        Host& host = Host::get();
        if (paused && !stays_connected(*system)) {
            for (const auto& hosted : host.hosted_by(*system)) {
                host.end_system(hosted, "UnexpectedExit", raw::kHcsUnexpectedExit);
            }
        }
        system->machine->paused = paused;
        hold_processes(host, *system, paused);
        return {};
    });
}

Hresult pause_system(raw::Handle handle, raw::Handle operation, raw::Text options) {
    return set_paused("HcsPauseComputeSystem", handle, operation, options, true);
}

Hresult resume_system(raw::Handle handle, raw::Handle operation, raw::Text options) {
    return set_paused("HcsResumeComputeSystem", handle, operation, options, false);
}

Hresult change_access(const char* function, raw::Text machine, raw::Text path, bool grant) {
    Host& host = Host::get();
    Lock lock(host.mutex);
    const Hresult entered = host.enter(function, lock);
    if (entered != raw::kOk) return entered;
    const std::string id = text_of(machine);
    const fs::path file = file_of(text_of(path));
    std::error_code ignored;
    if (id.empty()) return raw::kInvalidArgument;
    if (!fs::exists(file, ignored)) return raw::kFileNotFound;
    if (grant) {
        host.grants.emplace(id, file);
    } else {
        host.grants.erase({id, file});
    }
    return raw::kOk;
}

Hresult grant_access(raw::Text machine, raw::Text path) {
    return change_access("HcsGrantVmAccess", machine, path, true);
}

Hresult revoke_access(raw::Text machine, raw::Text path) {
    return change_access("HcsRevokeVmAccess", machine, path, false);
}

}  // namespace

bool is_used_by_hosted(Host& host, const System& machine, const std::string& guest_path) {
    for (const auto& hosted : host.hosted_by(machine)) {
        if (hosted->state == State::kStopped) continue;
        const json& container = hosted->document["HostedSystem"]["Container"];
        if (container["Storage"]["Path"] == guest_path) return true;
        for (const char* key : {"MappedDirectories", "MappedPipes"}) {
            for (const json& mapping : container.value(key, json::array())) {
                if (mapping["HostPath"] == guest_path) return true;
            }
        }
    }
    return false;
}

Problem attach_to_machine(Host& host, System& vm, const std::string& lun, const std::string& path) {
    const fs::path file = file_of(path);
    const std::string where = "Attachments." + lun + ".Path: ";
    for (const fs::path& disk : disk_chain(file)) {
        std::error_code ignored;
        if (!fs::exists(disk, ignored)) return where + "'" + windows_backend::utf8_of_path(disk) + "' does not exist";
        if (host.grants.count({vm.id, disk}) == 0) {
            return where + "the machine may not open '" + windows_backend::utf8_of_path(disk) + "'";
        }
    }
    Disk& disk = host.disks[file];
    if (disk.attached || !disk.used_by.empty()) return where + "is in use";
    if (!vm.machine->attachments.emplace(lun, file).second) return where + "the LUN is taken";
    disk.used_by = vm.id;
    return std::nullopt;
}

Problem add_share(Machine& machine, const json& share) {
    std::error_code ignored;
    const std::string path = share["Path"];
    if (!fs::is_directory(path_from_utf8(path), ignored)) return "Shares: Path '" + path + "' is not a directory";
    const bool read_only = share.value("Options", json::object()).value("ReadOnly", false);
    if (!machine.shares.emplace(share["Name"], Machine::Share{path, read_only}).second) {
        return "Shares: Name '" + share["Name"].get<std::string>() + "' is taken";
    }
    return std::nullopt;
}

Problem claim_machine_parts(Host& host, System& system) {
    system.machine = std::make_unique<Machine>();
    const json& devices = system.document["VirtualMachine"]["Devices"];
    const json server = devices.value("VirtualSmb", json::object());
    for (const json& share : server.value("Shares", json::array())) {
        if (Problem problem = add_share(*system.machine, share)) return problem;
    }
    if (Problem problem = check_boot(*system.machine, system.document)) return problem;
    const json scsi = devices.value("Scsi", json::object());
    for (const auto& [controller, disks] : scsi.items()) {
        if (controller != "0") return "VirtualMachine.Devices.Scsi: only controller 0 is simulated";
        const json attachments = disks.value("Attachments", json::object());
        for (const auto& [lun, attachment] : attachments.items()) {
            Problem problem = attach_to_machine(host, system, lun, attachment["Path"]);
            if (!problem) continue;
            for (auto& [file, disk] : host.disks) {
                if (disk.used_by == system.id) disk.used_by.clear();
            }
            return problem;
        }
    }
    if (system.machine->attachments.count("0") != 0) return std::nullopt;
    return "VirtualMachine.Devices.Scsi: the guest has no disk of its own at LUN 0";
}

Problem claim_hosted_parts(Host& host, System& system) {
    const auto found = host.systems.find(system.document["HostingSystemId"]);
    if (found == host.systems.end() || !found->second->machine) return "HostingSystemId: there is no such machine";
    System& vm = *found->second;
    if (vm.state != State::kRunning || vm.machine->paused) return "HostingSystemId: the machine does not run";
    if (!vm.document["VirtualMachine"].contains("GuestConnection")) {
        return "HostingSystemId: the machine has no GuestConnection";
    }
    const json& container = system.document["HostedSystem"]["Container"];
    if (Problem problem = check_guest_storage(host, vm, container["Storage"])) return problem;
    if (Problem problem = check_guest_mappings(*vm.machine, container)) return problem;
    system.hosting = found->second;
    return std::nullopt;
}

void add_machine_functions(raw::HostApi& api) {
    api.HcsPauseComputeSystem = pause_system;
    api.HcsResumeComputeSystem = resume_system;
    api.HcsGrantVmAccess = grant_access;
    api.HcsRevokeVmAccess = revoke_access;
}

}  // namespace slipway::simulated_hcs
