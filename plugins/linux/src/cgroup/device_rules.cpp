#include <cgroup/device_rules.hpp>
#include <spec/json_access.hpp>

namespace slipway::linux_backend {

namespace {

Result<std::optional<uint32_t>> read_number(const nlohmann::json& entry, const char* key) {
    const std::optional<int64_t> number = find_int(entry, key);
    if (!number || *number == -1) return std::optional<uint32_t>();  // OCI: absent or -1 is any
    if (*number < 0 || *number > UINT32_MAX) {
        return Error(ErrorCode::kInvalidArgument, "device rule: " + std::string(key) + " number out of range");
    }
    return std::optional<uint32_t>(static_cast<uint32_t>(*number));
}

Result<DeviceRule> read_rule(const nlohmann::json& entry) {
    DeviceRule rule;
    rule.allow = read_flag(entry, "allow");
    const std::string type = read_text(entry, "type");
    if (!type.empty() && type != "a" && type != "b" && type != "c") {
        return Error(ErrorCode::kInvalidArgument, "device rule: unknown type '" + type + "'");
    }
    if (!type.empty()) rule.type = type.front();

    const Result<std::optional<uint32_t>> major = read_number(entry, "major");
    if (!major) return Error(major.error());
    const Result<std::optional<uint32_t>> minor = read_number(entry, "minor");
    if (!minor) return Error(minor.error());
    rule.major = *major;
    rule.minor = *minor;

    std::string access = read_text(entry, "access");
    if (access.empty()) access = "rwm";
    if (access.find_first_not_of("rwm") != std::string::npos) {
        return Error(ErrorCode::kInvalidArgument, "device rule: unknown access '" + access + "'");
    }
    rule.read = access.find('r') != std::string::npos;
    rule.write = access.find('w') != std::string::npos;
    rule.make_node = access.find('m') != std::string::npos;
    return rule;
}

std::string number_text(const std::optional<uint32_t>& number) {
    return number ? std::to_string(*number) : "*";
}

}  // namespace

bool DeviceRule::covers_everything() const {
    return type == 'a' && !major && !minor && read && write && make_node;
}

std::string DeviceRule::text() const {
    if (covers_everything()) return "a";
    std::string out(1, type);
    out += ' ' + number_text(major) + ':' + number_text(minor) + ' ';
    if (read) out += 'r';
    if (write) out += 'w';
    if (make_node) out += 'm';
    return out;
}

Result<std::vector<DeviceRule>> read_device_rules(const nlohmann::json& resources) {
    std::vector<DeviceRule> rules;
    const nlohmann::json& entries = member_of(resources, "devices");
    if (!entries.is_array()) return rules;
    for (const nlohmann::json& entry : entries) {
        Result<DeviceRule> rule = read_rule(entry);
        if (!rule) return std::move(rule).error();
        rules.push_back(*rule);
    }
    return rules;
}

}  // namespace slipway::linux_backend
