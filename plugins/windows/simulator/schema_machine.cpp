// Documents about virtual machines: their own, those of containers in them, and what is changed while they run.
#include "schema.hpp"

#include <documents/paths.hpp>

#include <algorithm>

namespace slipway::simulated_hcs {
namespace {

using nlohmann::json;

constexpr int64_t kMostMemoryMb = 1 << 24;

// Calls `check` for each member of an object whose names are free.
void each_member(const Checker& owner, const char* name, const std::function<void(const Checker&)>& check) {
    owner.object(name, [&](const Checker& members) {
        for (const auto& [key, ignored] : owner.value(name).items()) members.object(key.c_str(), check);
    });
}

void check_share_options(const Checker& options) {
    options
        .only({"ReadOnly", "ShareRead", "CacheIo", "NoOplocks", "TakeBackupPrivilege", "UseShareRootIdentity",
               "NoDirectmap", "NoLocks", "NoDirnotify", "VmSharedMemory", "RestrictFileAccess", "ForceLevelIIOplocks",
               "ReparseBaseLayer", "PseudoOplocks", "NonCacheIo", "PseudoDirnotify", "SingleFileMapping"})
        .flag("ReadOnly")
        .flag("ShareRead")
        .flag("CacheIo")
        .flag("TakeBackupPrivilege")
        .flag("NoDirectmap")
        .flag("PseudoOplocks");
}

void check_share(const Checker& share) {
    share.only({"Name", "Path", "Options", "AllowedFiles"})
        .text("Name", true)
        .text("Path", true)
        .object("Options", check_share_options);
}

void check_attachment(const Checker& attachment) {
    attachment.only({"Type", "Path", "ReadOnly"})
        .one_of("Type", {"VirtualDisk", "Iso", "PassThru"}, true)
        .text("Path", true)
        .flag("ReadOnly");
}

void check_adapter(const Checker& adapter) {
    adapter.only({"EndpointId", "MacAddress"}).guid("EndpointId", true).text("MacAddress");
}

void check_devices(const Checker& devices) {
    devices.only({"Scsi", "HvSocket", "VirtualSmb", "NetworkAdapters", "MappedPipes"})
        .object("HvSocket",
                [](const Checker& socket) {
                    socket.only({"HvSocketConfig"}).object("HvSocketConfig", [](const Checker& config) {
                        config.only({"DefaultBindSecurityDescriptor", "DefaultConnectSecurityDescriptor"})
                            .text("DefaultBindSecurityDescriptor")
                            .text("DefaultConnectSecurityDescriptor");
                    });
                })
        .object("VirtualSmb", [](const Checker& server) {
            server.only({"Shares", "DirectFileMappingInMB"})
                .objects("Shares", check_share)
                .number("DirectFileMappingInMB", 0, kMostMemoryMb);
        });
    each_member(devices, "Scsi", [](const Checker& controller) {
        controller.only({"Attachments"});
        each_member(controller, "Attachments", check_attachment);
    });
    each_member(devices, "NetworkAdapters", check_adapter);
}

void check_processor_limits(const Checker& limits) {
    limits.number("Limit", 1, 100'000).number("Weight", 0, 10'000).number("Reservation", 0, 100'000);
}

void check_topology(const Checker& topology) {
    topology.only({"Memory", "Processor"})
        .object(
            "Memory",
            [](const Checker& memory) {
                memory.only({"SizeInMB", "AllowOvercommit", "EnableHotHint", "EnableColdHint", "EnableDeferredCommit"})
                    .number("SizeInMB", 2, kMostMemoryMb, true)
                    .flag("AllowOvercommit")
                    .flag("EnableHotHint")
                    .flag("EnableColdHint")
                    .flag("EnableDeferredCommit");
                memory.require(memory.value("SizeInMB").is_number() && memory.value("SizeInMB").get<int64_t>() % 2 == 0,
                               "SizeInMB is odd");
                memory.require(memory.value("EnableHotHint") != true || memory.value("AllowOvercommit") == true,
                               "EnableHotHint without AllowOvercommit");
            },
            true)
        .object(
            "Processor",
            [](const Checker& processor) {
                processor.only({"Count", "Limit", "Weight", "Reservation"}).number("Count", 1, 64, true);
                check_processor_limits(processor);
            },
            true);
}

void check_chipset(const Checker& chipset) {
    chipset.only({"Uefi"}).object(
        "Uefi",
        [](const Checker& uefi) {
            uefi.only({"BootThis"})
                .object(
                    "BootThis",
                    [](const Checker& entry) {
                        entry.only({"DevicePath", "DeviceType"})
                            .text("DevicePath", true)
                            .one_of("DeviceType", {"ScsiDrive", "VmbFs", "Network", "File"}, true);
                    },
                    true);
        },
        true);
}

// --- Requests to the guest -------------------------------------------------------------------------------------------

void check_mapped_disk(const Checker& disk) {
    disk.only({"ContainerPath", "Lun"}).text("ContainerPath", true).number("Lun", 0, 63, true);
}

void check_combined_layers(const Checker& layers) {
    layers.only({"ContainerRootPath", "Layers"}).text("ContainerRootPath", true);
    check_layers(layers);
}

void check_guest_namespace(const Checker& name_space) {
    name_space.only({"ID", "NamespaceId", "Type", "Resources", "SchemaVersion"})
        .guid("ID", true)
        .number("NamespaceId", 1, INT32_MAX)
        .one_of("Type", {"Host", "HostDefault", "Guest", "GuestDefault", ""})
        .objects("Resources",
                 [](const Checker& resource) {
                     resource.only({"Type", "Data"}).text("Type", true);
                 })
        .object(
            "SchemaVersion", [](const Checker& version) { check_version(version, 0, 16); }, true);
}

void check_old_endpoint(const Checker& endpoint) {
    endpoint
        .only({"ID", "Name", "VirtualNetwork", "MacAddress", "IPAddress", "PrefixLength", "GatewayAddress",
               "DNSServerList", "DNSSuffix", "Namespace"})
        .guid("ID", true)
        .text("Name", true)
        .guid("VirtualNetwork", true)
        .text("MacAddress", true)
        .text("IPAddress", true)
        .number("PrefixLength", 1, 32, true)
        .text("GatewayAddress", false, true)
        .text("DNSServerList")
        .text("DNSSuffix")
        .object("Namespace", [](const Checker& where) { where.only({"ID"}).guid("ID", true); });
}

void check_guest_adapter(const Checker& adapter) {
    adapter.only({"AdapterId", "RequestType", "Settings"})
        .guid("AdapterId", true)
        .one_of("RequestType", {"PreAdd", "Add", "Remove"}, true);
    if (adapter.text_of("RequestType") == "PreAdd") adapter.object("Settings", check_old_endpoint, true);
}

void check_guest_request(const Checker& request) {
    request.only({"ResourceType", "RequestType", "Settings"})
        .one_of("ResourceType", {"MappedVirtualDisk", "CombinedLayers", "NetworkNamespace", "Network"}, true)
        .one_of("RequestType", {"Add", "Remove", "Update"}, true);
    const std::string resource = request.text_of("ResourceType");
    const auto check = resource == "MappedVirtualDisk"  ? check_mapped_disk
                       : resource == "CombinedLayers"   ? check_combined_layers
                       : resource == "NetworkNamespace" ? check_guest_namespace
                                                        : check_guest_adapter;
    request.object("Settings", check, true);
}

// --- Requests to the machine -----------------------------------------------------------------------------------------

void check_resource(const Checker& request, const std::string& path) {
    const bool adds = request.text_of("RequestType") == "Add";
    const auto below = [&path](const char* prefix) {
        return path.starts_with(std::string("VirtualMachine/") + prefix);
    };
    if (path == "VirtualMachine/ComputeTopology/Memory/SizeInMB") {
        request.number("Settings", 2, kMostMemoryMb, true);
    } else if (path == "VirtualMachine/ComputeTopology/Processor/Limits") {
        request.object(
            "Settings",
            [](const Checker& limits) {
                limits.only({"Limit", "Weight", "Reservation", "MaximumFrequencyMHz"});
                check_processor_limits(limits);
            },
            true);
    } else if (path == "VirtualMachine/Devices/VirtualSmb/Shares") {
        request.object(
            "Settings", adds ? check_share : [](const Checker& share) { share.text("Name", true); }, true);
    } else if (below("Devices/Scsi/0/Attachments/")) {
        if (adds) request.object("Settings", check_attachment, true);
    } else if (below("Devices/NetworkAdapters/")) {
        request.object("Settings", check_adapter, true);
    } else if (below("Devices/MappedPipes/")) {
        request.require(windows_backend::pipe_name(path.substr(path.find(R"(\\)"))).has_value(), "names no pipe");
    } else {
        request.require(false, "no resource '" + path + "'");
    }
}

}  // namespace

void check_virtual_machine(const Checker& machine) {
    machine
        .only({"StopOnReset", "Chipset", "ComputeTopology", "Devices", "GuestConnection", "RegistryChanges",
               "StorageQoS"})
        .flag("StopOnReset")
        .object("Chipset", check_chipset, true)
        .object("ComputeTopology", check_topology, true)
        .object("Devices", check_devices, true)
        .object("GuestConnection",
                [](const Checker& connection) {
                    connection.only({"UseVsock", "UseConnectedSuspend"}).flag("UseVsock").flag("UseConnectedSuspend");
                })
        .object("StorageQoS", check_quality_of_service);
}

void check_hosted_system(const Checker& hosted) {
    hosted.only({"SchemaVersion", "Container"})
        .object(
            "SchemaVersion", [](const Checker& version) { check_version(version, 1, 6); }, true)
        .object(
            "Container", [](const Checker& container) { check_container(container, true); }, true);
}

Problem check_machine_change(const json& request) {
    Problem problem;
    const Checker root(request, "", problem);
    root.only({"ResourcePath", "RequestType", "Settings", "GuestRequest"})
        .text("ResourcePath")
        .one_of("RequestType", {"Add", "Remove", "Update"}, root.has("ResourcePath"))
        .object("GuestRequest", check_guest_request);
    root.require(root.has("ResourcePath") || root.has("GuestRequest"), "asks for nothing");
    root.require(root.has("ResourcePath") || !root.has("Settings"), "Settings without ResourcePath");
    if (root.has("ResourcePath")) check_resource(root, root.text_of("ResourcePath"));
    return problem;
}

}  // namespace slipway::simulated_hcs
