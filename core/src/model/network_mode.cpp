#include "model/network_mode.hpp"

#include "model/references.hpp"

namespace slipway::core {

namespace {

using nlohmann::json;

struct Conflict {
    bool present;
    const char* text;
};

Error conflict(const char* text) {
    return Error(ErrorCode::kInvalidArgument, text);
}

Status check_shared_network(const json& config, const json& host_config) {
    const Conflict conflicts[] = {
        {config.at("Hostname") != "", "conflicting options: hostname and the network mode"},
        {!host_config.at("Links").empty(),
         "conflicting options: container type network can't be used with links. This would result in undefined "
         "behavior"},
        {!host_config.at("Dns").empty(), "conflicting options: dns and the network mode"},
        {!host_config.at("ExtraHosts").empty(), "conflicting options: custom host-to-IP mapping and the network mode"},
        {config.at("MacAddress") != "", "conflicting options: mac-address and the network mode"},
        {!host_config.at("PortBindings").empty() || host_config.at("PublishAllPorts") == true,
         "conflicting options: port publishing and the container type network mode"},
        {!config.at("ExposedPorts").empty(), "conflicting options: port exposing and the container type network mode"},
    };
    for (const Conflict& each : conflicts) {
        if (each.present) return conflict(each.text);
    }
    return ok();
}

}  // namespace

Status check_network_mode(const json& config, json& host_config) {
    if (config.at("NetworkDisabled") == true) {
        if (joined_container(host_config.at("NetworkMode").get_ref<const std::string&>())) {
            return conflict("conflicting options: a disabled network and the container type network mode");
        }
        host_config["NetworkMode"] = "none";
    }
    const auto& mode = host_config.at("NetworkMode").get_ref<const std::string&>();
    if (const auto owner = joined_container(mode)) {
        if (owner->empty()) return conflict("Invalid network mode: invalid container format container:<name|id>");
        if (Status checked = check_shared_network(config, host_config); !checked) return checked;
    }
    const auto& uts = host_config.at("UTSMode").get_ref<const std::string&>();
    if ((uts == "host" || joined_container(uts)) && config.at("Hostname") != "") {
        return conflict("conflicting options: hostname and the UTS mode");
    }
    if (mode == "host" && !host_config.at("Links").empty()) {
        return conflict(
            "conflicting options: host type networking can't be used with links. This would result in undefined "
            "behavior");
    }
    return ok();
}

}  // namespace slipway::core
