// Documents of computecore and computestorage.
#include "schema.hpp"

#include <documents/paths.hpp>

#include <filesystem>
#include <set>

namespace slipway::simulated_hcs {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

bool is_volume_path(const std::string& path) {
    constexpr std::string_view kBegin = R"(\\?\Volume{)";
    return path.starts_with(kBegin) && path.ends_with("}\\") && path.size() == kBegin.size() + 36 + 2;
}

void check_storage(const Checker& storage, bool hosted) {
    storage.only({"Layers", "Path", "QoS"});
    check_layers(storage);
    storage.text("Path", true);
    const std::string path = storage.text_of("Path");
    if (hosted) {
        storage.require(path.starts_with("C:\\") && !path.ends_with('\\'), "Path is not a directory of the guest");
    } else {
        storage.require(is_volume_path(path), "Path is not a volume path with a backslash at its end");
    }
    storage.object("QoS", check_quality_of_service);
}

bool has_symlink(const fs::path& path) {
    fs::path part;
    for (const fs::path& step : path) {
        part /= step;
        std::error_code ignored;
        if (fs::is_symlink(fs::symlink_status(part, ignored))) return true;
    }
    return false;
}

void check_host_directory(const Checker& mapping) {
    std::error_code ignored;
    const fs::path host = mapping.text_of("HostPath");
    mapping.require(fs::is_directory(host, ignored), "HostPath is not a directory");
    mapping.require(!has_symlink(host), "HostPath has a symbolic link in it");
}

void check_mappings(const Checker& container, bool hosted) {
    std::set<std::string> taken;
    container.objects("MappedDirectories", [&](const Checker& mapping) {
        mapping.only({"HostPath", "ContainerPath", "ReadOnly"})
            .text("HostPath", true)
            .text("ContainerPath", true)
            .flag("ReadOnly");
        if (!hosted) check_host_directory(mapping);
        const auto normal = windows_backend::normalise_container_path(mapping.text_of("ContainerPath"));
        mapping.require(normal.has_value() && *normal == mapping.text_of("ContainerPath"),
                        "ContainerPath is not a normal path below the root");
        mapping.require(taken.insert(mapping.text_of("ContainerPath")).second, "ContainerPath is taken");
    });
    container.objects("MappedPipes", [hosted](const Checker& mapping) {
        mapping.only({"HostPath", "ContainerPipeName"}).text("HostPath", true).text("ContainerPipeName", true);
        mapping.require(hosted || windows_backend::pipe_name(mapping.text_of("HostPath")).has_value(),
                        "HostPath is not a pipe");
        mapping.require(mapping.text_of("ContainerPipeName").find('\\') == std::string::npos,
                        "ContainerPipeName has a prefix");
    });
}

void check_processor(const Checker& processor) {
    processor.only({"Count", "Maximum", "Weight"})
        .number("Count", 1, 64)
        .number("Maximum", 1, 10'000)
        .number("Weight", 0, 10'000);
    processor.require(processor.has("Count") + processor.has("Maximum") + processor.has("Weight") == 1,
                      "needs exactly one of Count, Maximum and Weight");
}

void check_registry(const Checker& changes) {
    changes.only({"AddValues", "DeleteKeys"}).objects("AddValues", [](const Checker& value) {
        value.only({"Key", "Name", "Type", "StringValue", "BinaryValue", "DWordValue", "QWordValue", "CustomType"})
            .text("Name", true)
            .one_of("Type", {"String", "ExpandedString", "MultiString", "Binary", "DWord", "QWord"}, true)
            .object(
                "Key",
                [](const Checker& key) {
                    key.only({"Hive", "Name", "Volatile"})
                        .one_of("Hive", {"System", "Software", "Security", "Sam"}, true)
                        .text("Name", true)
                        .flag("Volatile");
                },
                true);
        value.require(
            value.has("StringValue") + value.has("BinaryValue") + value.has("DWordValue") + value.has("QWordValue") ==
                1,
            "needs exactly one value");
    });
}

}  // namespace

void check_version(const Checker& version, int64_t least_minor, int64_t most_minor) {
    version.only({"Major", "Minor"}).number("Major", 2, 2, true).number("Minor", least_minor, most_minor, true);
}

void check_layers(const Checker& owner) {
    owner.objects(
        "Layers",
        [](const Checker& layer) {
            layer.only({"Id", "Path"}).guid("Id", true).text("Path", true);
        },
        1);
}

void check_quality_of_service(const Checker& limits) {
    limits.only({"IopsMaximum", "BandwidthMaximum"})
        .number("IopsMaximum", 0, INT64_MAX)
        .number("BandwidthMaximum", 0, INT64_MAX);
}

void check_container(const Checker& container, bool hosted) {
    container
        .only({"GuestOs", "Storage", "MappedDirectories", "MappedPipes", "Memory", "Processor", "Networking",
               "RegistryChanges", "AssignedDevices"})
        .object("GuestOs", [](const Checker& os) { os.only({"HostName"}).text("HostName", true); })
        .object(
            "Storage", [hosted](const Checker& storage) { check_storage(storage, hosted); }, true)
        .object("Memory", [](const Checker& memory) { memory.only({"SizeInMB"}).number("SizeInMB", 1, 1 << 24, true); })
        .object("Processor", check_processor)
        .object("Networking",
                [](const Checker& networking) {
                    networking
                        .only({"Namespace", "AllowUnqualifiedDnsQuery", "DnsSearchList", "NetworkSharedContainerName"})
                        .guid("Namespace")
                        .flag("AllowUnqualifiedDnsQuery")
                        .text("DnsSearchList")
                        .text("NetworkSharedContainerName");
                })
        .object("RegistryChanges", check_registry)
        .objects("AssignedDevices", [](const Checker& device) {
            // Type came with version 2.2, after the one that documents here name.
            device.only({"InterfaceClassGuid"}).guid("InterfaceClassGuid");
            device.require(device.has("InterfaceClassGuid"), "needs an InterfaceClassGuid");
        });
    check_mappings(container, hosted);
}

Problem check_system(const json& document) {
    Problem problem;
    const Checker root(document, "", problem);
    root.only({"Owner", "SchemaVersion", "ShouldTerminateOnLastHandleClosed", "Container", "VirtualMachine",
               "HostingSystemId", "HostedSystem"})
        .text("Owner", true)
        .flag("ShouldTerminateOnLastHandleClosed")
        .object(
            "SchemaVersion", [](const Checker& version) { check_version(version, 1, 6); }, true);
    root.require(root.has("Container") + root.has("VirtualMachine") + root.has("HostedSystem") == 1,
                 "needs exactly one of Container, VirtualMachine and HostedSystem");
    root.object("Container", [](const Checker& container) { check_container(container, false); })
        .object("VirtualMachine", check_virtual_machine)
        .object("HostedSystem", check_hosted_system)
        .text("HostingSystemId", root.has("HostedSystem"));
    root.require(root.has("HostedSystem") || !root.has("HostingSystemId"), "HostingSystemId without HostedSystem");
    return problem;
}

Problem check_process(const json& parameters) {
    Problem problem;
    const Checker root(parameters, "", problem);
    root.only({"ApplicationName", "CommandLine", "User", "WorkingDirectory", "Environment", "RestrictedToken",
               "EmulateConsole", "CreateStdInPipe", "CreateStdOutPipe", "CreateStdErrPipe", "ConsoleSize",
               "UseExistingLogin", "UseLegacyConsole"})
        .text("CommandLine", true)
        .text("User")
        .text("WorkingDirectory")
        .flag("EmulateConsole")
        .flag("CreateStdInPipe")
        .flag("CreateStdOutPipe")
        .flag("CreateStdErrPipe")
        .object("Environment", [](const Checker&) {});
    for (const auto& [name, value] : root.value("Environment").items()) {
        root.require(value.is_string() && !name.empty(), "Environment." + name + " is not a string");
    }
    const json& size = root.value("ConsoleSize");
    root.require(size.is_null() || (size.is_array() && size.size() == 2 && size[0].is_number_unsigned() &&
                                    size[1].is_number_unsigned()),
                 "ConsoleSize is not [height, width]");
    const bool console = root.value("EmulateConsole") == true;
    root.require(console || size.is_null(), "ConsoleSize without EmulateConsole");
    root.require(!console || root.value("CreateStdErrPipe") != true, "a console has no stderr pipe");
    return problem;
}

Problem check_process_change(const json& request) {
    Problem problem;
    const Checker root(request, "", problem);
    root.only({"Operation", "ConsoleSize", "CloseHandle"})
        .one_of("Operation", {"ConsoleSize", "CloseHandle"}, true)
        .object("ConsoleSize",
                [](const Checker& size) {
                    size.only({"Height", "Width"}).number("Height", 1, 32767, true).number("Width", 1, 32767, true);
                })
        .object("CloseHandle", [](const Checker& which) {
            which.only({"Handle"}).one_of("Handle", {"StdIn", "StdOut", "StdErr", "All"}, true);
        });
    root.require(root.has(root.text_of("Operation").c_str()), "Operation names what is not there");
    return problem;
}

Problem check_signal(const json& options) {
    Problem problem;
    Checker(options, "", problem)
        .only({"Signal"})
        .one_of("Signal", {"CtrlC", "CtrlBreak", "CtrlClose", "CtrlLogOff", "CtrlShutdown"}, true);
    return problem;
}

Problem check_system_change(const json& request) {
    Problem problem;
    const Checker root(request, "", problem);
    root.only({"ResourcePath", "RequestType", "Settings"})
        .one_of("ResourcePath", {"Container/Memory/SizeInMB", "Container/Processor"}, true)
        .one_of("RequestType", {"Add", "Remove", "Update"}, true);
    if (root.text_of("ResourcePath") == "Container/Memory/SizeInMB") {
        root.number("Settings", 2, 1 << 24, true);
        root.require(root.value("Settings").is_number() && root.value("Settings").get<int64_t>() % 2 == 0,
                     "Settings is odd");
    } else {
        root.object("Settings", check_processor, true);
    }
    return problem;
}

Problem check_property_query(const json& query) {
    Problem problem;
    const Checker root(query, "", problem);
    root.only({"PropertyTypes"}).texts("PropertyTypes");
    for (const json& type : root.value("PropertyTypes")) {
        root.require(type == "Statistics" || type == "ProcessList" || type == "Basic",
                     "no property type " + type.dump());
    }
    return problem;
}

Problem check_layer_data(const json& document) {
    Problem problem;
    const Checker root(document, "", problem);
    root.only({"SchemaVersion", "Layers"});
    root.object(
        "SchemaVersion", [](const Checker& version) { check_version(version, 0, 1); }, true);
    check_layers(root);
    return problem;
}

}  // namespace slipway::simulated_hcs
