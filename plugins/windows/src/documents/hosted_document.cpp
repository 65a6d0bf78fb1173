#include <documents/hosted_document.hpp>

namespace slipway::windows_backend {

using nlohmann::json;

json hosted_document(const json& request, const std::string& owner) {
    json document = system_document(request, owner, 1);
    json& container = document["Container"];
    container.erase("Memory");
    container.erase("Processor");
    container["Storage"].erase("QoS");
    return document;
}

json complete_hosted_document(json document, const SystemParts& parts, const std::string& vm_id) {
    document = complete_system_document(std::move(document), parts);
    json container = std::move(document["Container"]);
    document.erase("Container");
    container["Storage"]["Path"] = parts.volume_path;  // a directory, where a silo of the host has a volume
    document["HostingSystemId"] = vm_id;
    document["HostedSystem"] = {{"SchemaVersion", document["SchemaVersion"]}, {"Container", std::move(container)}};
    return document;
}

}  // namespace slipway::windows_backend
