#include <spec/json_access.hpp>
#include <spec/quote.hpp>
#include <spec/sysctls.hpp>

#include <algorithm>
#include <string_view>

namespace slipway::linux_backend {

namespace {

constexpr std::string_view kIpcKeys[] = {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
                                         "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};

bool is_private(const std::string& mode) {
    return mode != "host" && !joined_container(mode);
}

// Anything else could end in a path of another parameter or in a second one (CVE-2022-0811).
bool is_plain_key(const std::string& key) {
    const bool plain = std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-' || c == '/';
    });
    return plain && !key.empty() && key.find("..") == std::string::npos && key.find("//") == std::string::npos;
}

bool is_plain_value(const std::string& value) {
    return std::none_of(value.begin(), value.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f || c == '=' || c == ';' || c == '+';
    });
}

Error refused(const std::string& text, const std::string& key) {
    return Error(ErrorCode::kInvalidArgument, text).with_resource(key);
}

Status check_namespace(const std::string& key, const nlohmann::json& host_config) {
    const bool is_ipc =
        std::find(std::begin(kIpcKeys), std::end(kIpcKeys), key) != std::end(kIpcKeys) || key.starts_with("fs.mqueue.");
    if (is_ipc) {
        if (is_private(read_text(host_config, "IpcMode"))) return ok();
        return refused("sysctl " + quote(key) + " is not allowed in the hosts ipc namespace", key);
    }
    if (key.starts_with("net.")) {
        if (is_private(read_text(host_config, "NetworkMode"))) return ok();
        return refused("sysctl " + quote(key) + " not allowed in host network namespace", key);
    }
    if (key == "kernel.domainname" && is_private(read_text(host_config, "UTSMode"))) return ok();
    return refused("sysctl " + quote(key) + " is not in a separate kernel namespace", key);
}

}  // namespace

Result<std::map<std::string, std::string>> resolve_sysctls(const nlohmann::json& host_config) {
    std::map<std::string, std::string> resolved;
    if (is_private(read_text(host_config, "NetworkMode"))) {
        resolved["net.ipv4.ip_unprivileged_port_start"] = "0";
        resolved["net.ipv4.ping_group_range"] = "0 2147483647";
    }
    const nlohmann::json& given = member_of(host_config, "Sysctls");
    if (!given.is_object()) return resolved;
    for (const auto& [name, value] : given.items()) {
        std::string key = name;
        if (!is_plain_key(key) || !value.is_string() || !is_plain_value(value.get<std::string>())) {
            return refused("invalid sysctl " + quote(key), key);
        }
        // "net/ipv4/x" means the same; with both kinds, a dot belongs to a name ("net/ipv4/conf/eth0.1/forwarding").
        if (key.find('/') != std::string::npos) {
            if (key.find('.') != std::string::npos) return refused("invalid sysctl " + quote(key), key);
            std::replace(key.begin(), key.end(), '/', '.');
        }
        if (Status checked = check_namespace(key, host_config); !checked) return std::move(checked).error();
        resolved[key] = value.get<std::string>();
    }
    return resolved;
}

}  // namespace slipway::linux_backend
