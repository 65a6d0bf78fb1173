// HcsModifyComputeSystem on a virtual machine: shares, disks, pipes and adapters of the host, and what the guest does
// with them. What something else still uses is not taken away.
#include "host.hpp"
#include "schema.hpp"

#include <documents/vm_requests.hpp>

namespace slipway::simulated_hcs {
namespace {

using windows_backend::pipe_in_guest;
using windows_backend::share_in_guest;

constexpr const char* kDisks = "VirtualMachine/Devices/Scsi/0/Attachments/";
constexpr const char* kAdapters = "VirtualMachine/Devices/NetworkAdapters/";
constexpr const char* kPipes = "VirtualMachine/Devices/MappedPipes/";

std::optional<std::string> behind(const std::string& path, const char* prefix) {
    const std::string begin = prefix;
    if (!path.starts_with(begin)) return std::nullopt;
    return path.substr(begin.size());
}

class Change {
public:
    Change(Host& host, System& system, const json& request) : host_(host), vm_(system), request_(request) {}

    // The host's part first, then the guest's; a guest that refuses takes the host's part back.
    Problem apply() {
        const std::string path = request_.value("ResourcePath", "");
        const bool removes = request_.value("RequestType", "") == "Remove";
        if (removes) {
            if (Problem problem = guest()) return problem;
            return path.empty() ? std::nullopt : resource(path);
        }
        if (Problem problem = path.empty() ? std::nullopt : resource(path)) return problem;
        Problem problem = guest();
        if (problem && undo_) undo_();
        return problem;
    }

private:
    bool adds() const { return request_["RequestType"] == "Add"; }

    Problem resource(const std::string& path) {
        if (path == "VirtualMachine/Devices/VirtualSmb/Shares") return share();
        if (const auto lun = behind(path, kDisks)) return disk(*lun);
        if (const auto adapter = behind(path, kAdapters)) return this->adapter(*adapter);
        if (const auto pipe = behind(path, kPipes)) return this->pipe(*pipe);
        json& topology = vm_.document["VirtualMachine"]["ComputeTopology"];
        if (path.ends_with("SizeInMB")) {
            topology["Memory"]["SizeInMB"] = request_["Settings"];
        } else {
            topology["Processor"].update(request_["Settings"]);
        }
        return std::nullopt;
    }

    Problem share() {
        const std::string name = request_["Settings"]["Name"];
        if (adds()) return add_share(machine_, request_["Settings"]);
        if (machine_.shares.count(name) == 0) return "Shares: there is no '" + name + "'";
        bool used = is_used_by_hosted(host_, vm_, share_in_guest(name));
        for (const auto& [root, layers] : machine_.combined) {
            for (const json& layer : layers) used = used || layer["Path"] == share_in_guest(name);
        }
        if (used) return "Shares: '" + name + "' is in use";
        machine_.shares.erase(name);
        return std::nullopt;
    }

    Problem disk(const std::string& lun) {
        if (adds()) {
            undo_ = [this, lun] { detach(lun); };
            return attach_to_machine(host_, vm_, lun, request_["Settings"]["Path"]);
        }
        if (machine_.attachments.count(lun) == 0) return "Attachments: nothing is at LUN " + lun;
        for (const auto& [path, at] : machine_.mounted) {
            if (at == lun) return "Attachments: the guest has LUN " + lun + " mounted";
        }
        detach(lun);
        return std::nullopt;
    }

    void detach(const std::string& lun) {
        host_.disks[machine_.attachments[lun]].used_by.clear();
        machine_.attachments.erase(lun);
    }

    Problem pipe(const std::string& path) {
        if (adds()) {
            if (!machine_.pipes.insert(path).second) return "MappedPipes: '" + path + "' is mapped already";
            return std::nullopt;
        }
        if (is_used_by_hosted(host_, vm_, pipe_in_guest(path))) return "MappedPipes: '" + path + "' is in use";
        if (machine_.pipes.erase(path) == 0) return "MappedPipes: '" + path + "' is not mapped";
        return std::nullopt;
    }

    Problem adapter(const std::string& text) {
        const auto id = Guid::parse(text),
                   endpoint = Guid::parse(request_["Settings"]["EndpointId"].get<std::string>());
        if (!id) return "NetworkAdapters: the id is not a GUID";
        if (!adds()) {
            const auto found = machine_.adapters.find(*id);
            if (found == machine_.adapters.end() || found->second != *endpoint) return "NetworkAdapters: no such one";
            machine_.adapters.erase(found);
            return std::nullopt;
        }
        if (host_.endpoints.count(*endpoint) == 0) return "NetworkAdapters: there is no such endpoint";
        if (host_.has_adapter(*endpoint)) return "NetworkAdapters: the endpoint has an adapter already";
        if (!machine_.adapters.emplace(*id, *endpoint).second) return "NetworkAdapters: the id is taken";
        undo_ = [this, id = *id] { machine_.adapters.erase(id); };
        return std::nullopt;
    }

    Problem guest() {
        if (!request_.contains("GuestRequest")) return std::nullopt;
        const json& asked = request_["GuestRequest"];
        const json& settings = asked["Settings"];
        const bool adds = asked["RequestType"] == "Add";
        if (asked["ResourceType"] == "MappedVirtualDisk") return mount(settings, adds);
        if (asked["ResourceType"] == "CombinedLayers") return combine(settings, adds);
        if (asked["ResourceType"] == "NetworkNamespace") return name_space(settings, adds);
        return guest_adapter(settings);
    }

    Problem mount(const json& settings, bool adds) {
        const std::string path = settings["ContainerPath"], lun = settings["Lun"].dump();
        if (!adds) {
            if (machine_.combined.count(path) != 0) return "MappedVirtualDisk: layers are combined on '" + path + "'";
            if (machine_.mounted.erase(path) == 0) return "MappedVirtualDisk: nothing is mounted at '" + path + "'";
            return std::nullopt;
        }
        if (machine_.attachments.count(lun) == 0) return "MappedVirtualDisk: nothing is at LUN " + lun;
        if (!machine_.mounted.emplace(path, lun).second) return "MappedVirtualDisk: '" + path + "' is taken";
        return std::nullopt;
    }

    Problem combine(const json& settings, bool adds) {
        const std::string root = settings["ContainerRootPath"];
        if (!adds) {
            if (is_used_by_hosted(host_, vm_, root)) return "CombinedLayers: a container lives on '" + root + "'";
            if (machine_.combined.erase(root) == 0) return "CombinedLayers: there are none on '" + root + "'";
            return std::nullopt;
        }
        if (machine_.mounted.count(root) == 0) return "CombinedLayers: no disk is mounted at '" + root + "'";
        for (const json& layer : settings["Layers"]) {
            bool shared = false;
            for (const auto& [name, share] : machine_.shares) {
                shared = shared || (share.read_only && layer["Path"] == share_in_guest(name));
            }
            if (!shared) return "CombinedLayers: " + layer["Path"].dump() + " is no share that is read only";
        }
        if (!machine_.combined.emplace(root, settings["Layers"]).second)
            return "CombinedLayers: on '" + root + "' twice";
        return std::nullopt;
    }

    Problem name_space(const json& settings, bool adds) {
        const auto id = Guid::parse(settings["ID"].get<std::string>());
        if (!adds) {
            if (machine_.name_spaces.erase(*id) == 0) return "NetworkNamespace: the guest has none of this GUID";
            return std::nullopt;
        }
        const auto found = host_.name_spaces.find(*id);
        if (found == host_.name_spaces.end()) return "NetworkNamespace: the host has none of this GUID";
        if (!found->second.used_by.empty()) return "NetworkNamespace: is in use";
        if (settings.value("NamespaceId", 0) != found->second.compartment) {
            return "NetworkNamespace: NamespaceId is not the host's";
        }
        found->second.used_by = vm_.id;
        machine_.name_spaces.insert(*id);
        return std::nullopt;
    }

    Problem guest_adapter(const json& settings) {
        const auto id = Guid::parse(settings["AdapterId"].get<std::string>());
        if (settings["RequestType"] == "PreAdd") return announce(*id, settings["Settings"]);
        const auto announced = machine_.announced.find(*id);
        if (announced == machine_.announced.end()) return "Network: the adapter was not announced";
        if (settings["RequestType"] == "Remove") {
            machine_.announced.erase(announced);
            return std::nullopt;
        }
        const auto added = machine_.adapters.find(*id);
        if (added == machine_.adapters.end() || added->second != announced->second) {
            return "Network: the adapter is not the one that was announced";
        }
        return std::nullopt;
    }

    Problem announce(const Guid& adapter, const json& settings) {
        const auto endpoint = Guid::parse(settings["ID"].get<std::string>());
        const auto found = host_.endpoints.find(*endpoint);
        if (found == host_.endpoints.end()) return "Network: there is no such endpoint";
        if (settings["IPAddress"] != found->second.address || settings["MacAddress"] != found->second.mac) {
            return "Network: the addresses are not the endpoint's";
        }
        if (!settings.contains("DNSServerList")) return "Network: the guest would have no name servers";
        const auto where = Guid::parse(settings["Namespace"]["ID"].get<std::string>());
        if (machine_.name_spaces.count(*where) == 0) return "Network: the guest has no such name space";
        if (!machine_.announced.emplace(adapter, *endpoint).second) return "Network: was announced already";
        return std::nullopt;
    }

    Host& host_;
    System& vm_;
    const json& request_;
    Machine& machine_ = *vm_.machine;
    std::function<void()> undo_;
};

}  // namespace

Outcome modify_machine(Host& host, System& system, const json& request) {
    if (const Problem problem = check_machine_change(request)) {
        return {raw::kHcsInvalidJson, result_error(raw::kHcsInvalidJson, *problem)};
    }
    if (system.state != System::State::kRunning || system.machine->paused) return {raw::kHcsInvalidState, ""};
    if (const Problem problem = Change(host, system, request).apply()) {
        return {raw::kInvalidArgument, result_error(raw::kInvalidArgument, *problem)};
    }
    return {};
}

}  // namespace slipway::simulated_hcs
