#include "model/host_config.hpp"

#include "model/log_config.hpp"
#include "model/mounts.hpp"
#include "model/plain_text.hpp"
#include "model/ports.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

using nlohmann::json;

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

const std::string& text_of(const json& value) {
    return value.get_ref<const std::string&>();
}

Status check_restart_policy(const json& policy) {
    const std::string& name = text_of(policy.at("Name"));
    const int64_t retries = policy.at("MaximumRetryCount").get<int64_t>();
    if (name == "always" || name == "unless-stopped" || name == "no") {
        if (retries == 0) return ok();
        constexpr const char* kOnlyOnFailure =
            "invalid restart policy: maximum retry count can only be used with 'on-failure'";
        constexpr const char* kNorNegative =
            "invalid restart policy: maximum retry count can only be used with 'on-failure' and cannot be negative";
        return invalid(retries < 0 ? kNorNegative : kOnlyOnFailure);
    }
    if (name != "on-failure") {
        return invalid("invalid restart policy: unknown policy '" + name +
                       "'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'");
    }
    if (retries < 0) return invalid("invalid restart policy: maximum retry count cannot be negative");
    return ok();
}

bool looks_like_address(std::string_view text) {
    if (text.empty()) return false;
    const bool six = text.find(':') != std::string_view::npos;
    const std::string_view allowed = six ? "0123456789abcdefABCDEF:.%" : "0123456789.";
    return text.find_first_not_of(allowed) == std::string_view::npos &&
           (six || std::count(text.begin(), text.end(), '.') == 3);
}

// "name:address", "name=address"; the address may be the word host-gateway.
Status check_extra_host(const std::string& entry) {
    std::string quoted(1, '"');
    quoted.append(entry).append(1, '"');
    const size_t separator = entry.find_first_of("=:");
    if (separator == std::string::npos || separator == 0) return invalid("bad format for add-host: " + quoted);
    if (!is_plain_word(entry.substr(0, separator))) return invalid("bad format for add-host: " + quoted);
    std::string_view address = std::string_view(entry).substr(separator + 1);
    if (address == "host-gateway") return ok();
    if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
        address = address.substr(1, address.size() - 2);
    }
    if (!looks_like_address(address)) return invalid("invalid IP address in add-host: " + quoted);
    return ok();
}

// What becomes the container's resolv.conf, one line for each list and server; whoever may choose a word of it must not
// choose lines.
Status check_resolver(const json& host_config) {
    for (const json& entry : host_config.at("Dns")) {
        const std::string& server = text_of(entry);
        // The zone of a link-local address is the name of a link.
        if (!is_plain_word(server) || !looks_like_address(server.substr(0, server.find('%')))) {
            return invalid("invalid IP address in dns: '" + server + "'");
        }
    }
    for (const json& domain : host_config.at("DnsSearch")) {
        if (!is_plain_word(text_of(domain))) return invalid("invalid domain in dns-search: '" + text_of(domain) + "'");
    }
    for (const json& option : host_config.at("DnsOptions")) {
        if (has_control_character(text_of(option))) return invalid("invalid dns-option: '" + text_of(option) + "'");
    }
    return ok();
}

void fill_blanks(json& host_config) {
    if (json& type = host_config["LogConfig"]["Type"]; type == "") type = "json-file";
    if (json& mode = host_config["NetworkMode"]; mode == "") mode = "default";
    if (json& name = host_config["RestartPolicy"]["Name"]; name == "") name = "no";
}

}  // namespace

Status check_host_config(json& host_config, PathStyle style) {
    fill_blanks(host_config);
    if (host_config.at("AutoRemove") == true && host_config.at("RestartPolicy").at("Name") != "no") {
        return invalid("can't create 'AutoRemove' container with restart policy");
    }
    if (auto mounts = wanted_mounts(host_config, style); !mounts) return std::move(mounts).error();
    for (const json& entry : host_config.at("ExtraHosts")) {
        if (Status checked = check_extra_host(text_of(entry)); !checked) return checked;
    }
    if (Status checked = check_resolver(host_config); !checked) return checked;
    if (auto ports = published_ports({{"ExposedPorts", json::object()}}, host_config); !ports) {
        return std::move(ports).error();
    }
    if (Status checked = check_restart_policy(host_config.at("RestartPolicy")); !checked) return checked;
    if (host_config.at("Annotations").contains("")) {
        return invalid("invalid Annotations: the empty string is not permitted as an annotation key");
    }
    if (Result<LogPolicy> policy = log_policy(host_config); !policy) return std::move(policy).error();
    return ok();
}

void use_own_network_files(ContainerRecord& record) {
    record.hostname_path = record.data_dir + "/hostname";
    record.hosts_path = record.data_dir + "/hosts";
    record.resolv_conf_path = record.data_dir + "/resolv.conf";
}

}  // namespace slipway::core
