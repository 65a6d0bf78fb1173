#include <documents/system_document.hpp>

#include <documents/json_access.hpp>
#include <documents/processor.hpp>

#include <algorithm>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

constexpr int64_t kMebibyte = int64_t{1} << 20;

std::string host_name(const json& request) {
    std::string host = read_text(request, "Hostname");
    if (host.empty()) host = read_text(request, "Id").substr(0, 12);
    const std::string domain = read_text(request, "Domainname");
    return domain.empty() ? host : host + "." + domain;
}

// Without it the service control manager of images that can be serviced ends services five seconds into a graceful
// stop.
json patient_services() {
    return {{"AddValues",
             {{{"Key", {{"Hive", "System"}, {"Name", "ControlSet001\\Control"}}},
               {"Name", "WaitToKillServiceTimeout"},
               {"Type", "String"},
               {"StringValue", "2147483647"}}}}};
}

json assigned_devices(const json& host_config) {
    json assigned = json::array();
    const json& devices = member_of(host_config, "Devices");
    for (const json& device : devices.is_array() ? devices : json::array()) {
        const std::string path = read_text(device, "PathOnHost");
        // No Type: what class GUIDs are is the default, and the member is newer than the schema that the document
        // names.
        assigned.push_back({{"InterfaceClassGuid", path.substr(path.find('/') + 1)}});
    }
    return assigned;
}

json networking(const SystemParts& parts) {
    json section = {{"Namespace", parts.network_namespace}};
    if (parts.unqualified_dns) section["AllowUnqualifiedDnsQuery"] = true;
    std::string search;
    for (const std::string& domain : parts.dns_search) search += (search.empty() ? "" : ",") + domain;
    if (!search.empty()) section["DnsSearchList"] = search;
    if (!parts.shared_container.empty()) section["NetworkSharedContainerName"] = parts.shared_container;
    return section;
}

}  // namespace

int64_t memory_in_mb(int64_t bytes) {
    return std::max<int64_t>(2, bytes / kMebibyte / 2 * 2);
}

json quality_of_service(const json& host_config) {
    json limits = json::object();
    if (const int64_t ops = read_int(host_config, "IOMaximumIOps"); ops > 0) limits["IopsMaximum"] = ops;
    if (const int64_t bytes = read_int(host_config, "IOMaximumBandwidth"); bytes > 0)
        limits["BandwidthMaximum"] = bytes;
    return limits;
}

json system_document(const json& request, const std::string& owner, unsigned host_processors) {
    const json& host_config = member_of(request, "HostConfig");
    json container = {{"GuestOs", {{"HostName", host_name(request)}}},
                      {"Storage", json::object()},
                      {"RegistryChanges", patient_services()}};
    if (const json limits = quality_of_service(host_config); !limits.empty()) container["Storage"]["QoS"] = limits;
    if (const int64_t memory = read_int(host_config, "Memory"); memory > 0) {
        container["Memory"] = {{"SizeInMB", memory_in_mb(memory)}};
    }
    if (const json processor = processor_section(host_config, host_processors); !processor.is_null()) {
        container["Processor"] = processor;
    }
    if (const json devices = assigned_devices(host_config); !devices.empty()) container["AssignedDevices"] = devices;
    // A daemon that dies takes its containers with it: their pipes could not be opened again.
    return {{"Owner", owner},
            {"SchemaVersion", {{"Major", 2}, {"Minor", 1}}},
            {"ShouldTerminateOnLastHandleClosed", true},
            {"Container", std::move(container)}};
}

json complete_system_document(json document, const SystemParts& parts) {
    json& container = document["Container"];
    json& storage = container["Storage"];
    storage["Layers"] = layers_array(parts.layers);
    storage["Path"] = parts.volume_path.ends_with('\\') ? parts.volume_path : parts.volume_path + '\\';
    for (const MappedDirectory& directory : parts.directories) {
        json mapped = {{"HostPath", directory.host_path}, {"ContainerPath", directory.container_path}};
        if (directory.read_only) mapped["ReadOnly"] = true;
        container["MappedDirectories"].push_back(std::move(mapped));
    }
    for (const MappedPipe& pipe : parts.pipes) {
        container["MappedPipes"].push_back({{"HostPath", pipe.host_path}, {"ContainerPipeName", pipe.container_name}});
    }
    if (!parts.network_namespace.empty()) container["Networking"] = networking(parts);
    return document;
}

Result<std::vector<json>> update_requests(const json& host_config, const std::vector<std::string>& changed,
                                          unsigned host_processors) {
    std::vector<json> requests;
    bool processor = false;
    for (const std::string& key : changed) {
        if (key == "Memory" && read_int(host_config, "Memory") > 0) {
            requests.push_back({{"ResourcePath", "Container/Memory/SizeInMB"},
                                {"RequestType", "Update"},
                                {"Settings", memory_in_mb(read_int(host_config, "Memory"))}});
        } else if (key == "CpuCount" || key == "CpuShares" || key == "CpuPercent" || key == "NanoCpus") {
            processor = true;
        } else if (key != "RestartPolicy") {  // the engine's own business
            return Error(ErrorCode::kUnimplemented, "a running Windows container's " + key + " cannot be changed")
                .with_resource(key);
        }
    }
    if (!processor) return requests;
    const json section = processor_section(host_config, host_processors);
    if (section.is_null()) {
        return Error(ErrorCode::kUnimplemented, "the processor limit of a running Windows container cannot be lifted");
    }
    requests.push_back({{"ResourcePath", "Container/Processor"}, {"RequestType", "Update"}, {"Settings", section}});
    return requests;
}

}  // namespace slipway::windows_backend
