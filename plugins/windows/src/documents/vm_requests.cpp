#include <documents/vm_requests.hpp>

#include <documents/json_access.hpp>
#include <documents/paths.hpp>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

// The virtual SMB server of Hyper-V, as guests know it.
constexpr const char* kShares = R"(\\?\VMSMB\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\)";

json guest_request(const char* resource, json settings) {
    return {{"ResourceType", resource}, {"RequestType", "Add"}, {"Settings", std::move(settings)}};
}

std::string adapter_path(const std::string& adapter) {
    return "VirtualMachine/Devices/NetworkAdapters/" + adapter;
}

json adapter_request(const char* request, const std::string& adapter, json settings) {
    json guest = guest_request("Network", {{"AdapterId", adapter}, {"RequestType", request}});
    guest["RequestType"] = request;
    return {{"ResourcePath", adapter_path(adapter)},
            {"RequestType", request},
            {"Settings", std::move(settings)},
            {"GuestRequest", std::move(guest)}};
}

}  // namespace

std::string share_in_guest(const std::string& share) {
    return kShares + share;
}

std::string pipe_in_guest(const std::string& host_path) {
    return std::string(kShares) + "IPC$\\" + pipe_name(host_path).value_or("");
}

json add_share_request(const std::string& share, const std::string& host_path, bool read_only,
                       bool with_backup_privilege) {
    json options = json::object();
    if (read_only) options = {{"ReadOnly", true}, {"ShareRead", true}, {"CacheIo", true}, {"PseudoOplocks", true}};
    if (with_backup_privilege) options["TakeBackupPrivilege"] = true;
    return {{"ResourcePath", "VirtualMachine/Devices/VirtualSmb/Shares"},
            {"RequestType", "Add"},
            {"Settings", {{"Name", share}, {"Path", host_path}, {"Options", std::move(options)}}}};
}

json add_disk_request(unsigned lun, const std::string& host_path, const std::string& guest_path) {
    return {{"ResourcePath", "VirtualMachine/Devices/Scsi/0/Attachments/" + std::to_string(lun)},
            {"RequestType", "Add"},
            {"Settings", {{"Type", "VirtualDisk"}, {"Path", host_path}}},
            {"GuestRequest", guest_request("MappedVirtualDisk", {{"ContainerPath", guest_path}, {"Lun", lun}})}};
}

json combine_layers_request(const std::string& guest_root, const std::vector<LayerFolder>& nearest_first) {
    return {{"GuestRequest", guest_request("CombinedLayers", {{"ContainerRootPath", guest_root},
                                                              {"Layers", layers_array(nearest_first)}})}};
}

json map_pipe_request(const std::string& host_path) {
    return {{"ResourcePath", "VirtualMachine/Devices/MappedPipes/" + host_path}, {"RequestType", "Add"}};
}

json add_guest_namespace_request(const json& properties) {
    json settings = json::object();
    for (const char* key : {"ID", "NamespaceId", "Type", "Resources", "SchemaVersion"}) {
        if (properties.contains(key)) settings[key] = properties[key];
    }
    return {{"GuestRequest", guest_request("NetworkNamespace", std::move(settings))}};
}

// The guest's network service reads endpoints in the older form, of the HNS before HCN.
json announce_adapter_request(const std::string& adapter, const json& endpoint_properties,
                              const std::string& name_space, const DnsSettings& dns) {
    const json& addresses = member_of(endpoint_properties, "IpConfigurations");
    const json address = addresses.is_array() && !addresses.empty() ? addresses[0] : json::object();
    const json& routes = member_of(endpoint_properties, "Routes");
    const json route = routes.is_array() && !routes.empty() ? routes[0] : json::object();
    json endpoint = {{"ID", read_text(endpoint_properties, "ID")},
                     {"Name", read_text(endpoint_properties, "Name")},
                     {"VirtualNetwork", read_text(endpoint_properties, "HostComputeNetwork")},
                     {"MacAddress", read_text(endpoint_properties, "MacAddress")},
                     {"IPAddress", read_text(address, "IpAddress")},
                     {"PrefixLength", read_int(address, "PrefixLength")},
                     {"GatewayAddress", read_text(route, "NextHop")},
                     {"Namespace", {{"ID", name_space}}}};
    const auto joined = [](const std::vector<std::string>& texts) {
        std::string all;
        for (const std::string& text : texts) all += (all.empty() ? "" : ",") + text;
        return all;
    };
    // What the container was not given is the network's: a silo has that through its compartment, a guest must be told.
    const json& inherited = member_of(endpoint_properties, "Dns");
    const auto servers = dns.servers.empty() ? read_texts(inherited, "ServerList") : dns.servers;
    auto search = dns.search.empty() ? read_texts(inherited, "Search") : dns.search;
    if (search.empty() && !read_text(inherited, "Domain").empty()) search = {read_text(inherited, "Domain")};
    if (!servers.empty()) endpoint["DNSServerList"] = joined(servers);
    if (!search.empty()) endpoint["DNSSuffix"] = joined(search);
    return {{"GuestRequest",
             guest_request("Network",
                           {{"AdapterId", adapter}, {"RequestType", "PreAdd"}, {"Settings", std::move(endpoint)}})}};
}

json add_adapter_request(const std::string& adapter, const json& endpoint_properties) {
    return adapter_request("Add", adapter,
                           {{"EndpointId", read_text(endpoint_properties, "ID")},
                            {"MacAddress", read_text(endpoint_properties, "MacAddress")}});
}

json remove_adapter_request(const std::string& adapter, const std::string& endpoint) {
    return adapter_request("Remove", adapter, {{"EndpointId", endpoint}});
}

}  // namespace slipway::windows_backend
