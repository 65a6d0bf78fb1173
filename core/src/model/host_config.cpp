#include "model/host_config.hpp"

#include "model/mounts.hpp"
#include "model/plain_text.hpp"
#include "model/ports.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <limits>

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

Status check_no_compression(const json& log) {
    if (log.at("Config").value("compress", "false") == "false") return ok();
    return Error(ErrorCode::kUnimplemented,
                 "compressed logs are not implemented yet (HostConfig.LogConfig.Config.compress)");
}

Status check_log_config(const json& log) {
    const std::string& type = text_of(log.at("Type"));
    if (type == "none" || type.empty()) return ok();
    if (type == "local") {
        for (const auto& [key, value] : log.at("Config").items()) {
            const bool known = key == "max-size" || key == "max-file" || key == "compress";
            if (!known) return invalid("unknown log opt '" + key + "' for local log driver");
        }
        return check_no_compression(log);
    }
    if (type != "json-file") return invalid("logger: no log driver named '" + type + "' is registered");
    static constexpr std::array<std::string_view, 7> kOptions{"max-size", "max-file",  "compress", "labels",
                                                              "env",      "env-regex", "tag"};
    for (const auto& [key, value] : log.at("Config").items()) {
        const bool known = std::find(kOptions.begin(), kOptions.end(), key) != kOptions.end() || key == "labels-regex";
        if (!known) return invalid("unknown log opt '" + key + "' for json-file log driver");
    }
    for (const char* key : {"labels", "labels-regex", "env", "env-regex", "tag"}) {
        if (log.at("Config").contains(key)) {
            return Error(ErrorCode::kUnimplemented, std::string("the log option ") + key +
                                                        " is not implemented yet (HostConfig.LogConfig.Config)");
        }
    }
    return check_no_compression(log);
}

void fill_blanks(json& host_config) {
    if (json& type = host_config["LogConfig"]["Type"]; type == "") type = "json-file";
    if (json& mode = host_config["NetworkMode"]; mode == "") mode = "default";
    if (json& name = host_config["RestartPolicy"]["Name"]; name == "") name = "no";
}

}  // namespace

Status check_host_config(json& host_config) {
    fill_blanks(host_config);
    if (host_config.at("AutoRemove") == true && host_config.at("RestartPolicy").at("Name") != "no") {
        return invalid("can't create 'AutoRemove' container with restart policy");
    }
    if (auto mounts = wanted_mounts(host_config); !mounts) return std::move(mounts).error();
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

Result<uint64_t> parse_size(std::string_view text) {
    const Error bad = invalid("invalid size: '" + std::string(text.substr(0, 64)) + "'");
    uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data(), end, number);
    if (failed != std::errc()) return bad;
    std::string unit(rest, end);
    for (char& c : unit) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    unit.erase(0, unit.find_first_not_of(' '));
    if (unit.size() > 1 && unit.back() == 'b') unit.pop_back();
    if (unit.size() > 1 && unit.back() == 'i') unit.pop_back();

    unsigned shift = 0;
    if (!unit.empty() && unit != "b") {
        const size_t power = std::string_view("kmgtp").find(unit);
        if (unit.size() != 1 || power == std::string_view::npos) return bad;
        shift = 10 * (static_cast<unsigned>(power) + 1);
    }
    // Sizes become signed 64-bit numbers in places.
    if (number > (static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) >> shift)) return bad;
    return number << shift;
}

std::string log_path_of(const ContainerRecord& record) {
    return (std::filesystem::path(record.data_dir) / (record.id + "-json.log")).string();
}

Result<LogPolicy> log_policy(const json& host_config) {
    const json& log = host_config.at("LogConfig");
    if (Status checked = check_log_config(log); !checked) return std::move(checked).error();
    LogPolicy policy;
    policy.enabled = log.at("Type") != "none";
    if (log.at("Type") == "local") {
        // Docker's defaults.
        policy.max_bytes = uint64_t{20} << 20;
        policy.max_files = 5;
    } else if (log.at("Type") != "json-file" && log.at("Type") != "") {
        return policy;
    }
    const json& options = log.at("Config");
    if (options.contains("max-size")) {
        Result<uint64_t> size = parse_size(text_of(options["max-size"]));
        if (!size) return std::move(size).error();
        policy.max_bytes = *size;
    }
    if (options.contains("max-file")) {
        const std::string& text = text_of(options["max-file"]);
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), policy.max_files);
        if (failed != std::errc() || end != text.data() + text.size()) {
            return invalid("invalid value for max-file: '" + text + "'");
        }
        if (policy.max_files < 1) return invalid("max-file cannot be less than 1");
        if (policy.max_files > 1 && policy.max_bytes == 0) return invalid("max-file cannot be set without max-size");
        if (policy.max_files > 1000) return invalid("max-file cannot be more than 1000");
    }
    return policy;
}

}  // namespace slipway::core
