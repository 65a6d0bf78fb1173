#include <cgroup/group_parent.hpp>
#include <cgroup/slice_name.hpp>
#include <spec/capabilities.hpp>
#include <spec/json_access.hpp>
#include <spec/resources.hpp>
#include <spec/security_options.hpp>
#include <spec/sysctls.hpp>
#include <spec/verify_checks.hpp>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace slipway::linux_backend {

namespace {

using Names = std::initializer_list<std::string_view>;

Error invalid(std::string text) {
    return Error(ErrorCode::kInvalidArgument, std::move(text));
}

bool is_one_of(const std::string& mode, Names names) {
    return mode.empty() || std::find(names.begin(), names.end(), mode) != names.end();
}

bool is_join(const std::string& mode) {
    const auto container = joined_container(mode);
    return container && !container->empty();
}

Status check_isolation(const nlohmann::json& config) {
    const std::string given = read_text(config, "Isolation");
    std::string lower = given;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (is_one_of(lower, {"default"})) return ok();
    return invalid("invalid isolation '" + given + "' on linux");
}

bool has_items(const nlohmann::json& config, const char* key) {
    const nlohmann::json& value = member_of(config, key);
    return (value.is_array() || value.is_object()) && !value.empty();
}

// An engine in a container or a hardened unit lacks some; other engines then fail late and without a name.
void warn_missing(Verification& check, CapabilitySet missing) {
    if (missing == 0) return;
    std::string names;
    for (const std::string& name : capability_names(missing)) names += (names.empty() ? "" : ", ") + name;
    check.warn("The engine itself lacks " + names + ". The container runs without.");
}

void check_forwarding(Verification& check) {
    const std::string network = read_text(check.config, "NetworkMode");
    if (network == "host" && has_items(check.config, "PortBindings")) {
        check.warn("Published ports are discarded when using host network mode");
    }
    if (check.kernel.ipv4_forwarding || network == "host" || network == "none") return;
    check.warn("IPv4 forwarding is disabled. Networking will not work.");
}

}  // namespace

Status check_privileges(Verification& check) {
    const nlohmann::json& config = check.config;
    const auto missing = missing_capabilities(read_texts(config, "CapAdd"), read_texts(config, "CapDrop"),
                                              read_flag(config, "Privileged"), check.kernel.capabilities,
                                              check.kernel.known_capabilities);
    if (!missing) return Error(missing.error());
    if (!check.update) warn_missing(check, *missing);
    if (Status checked = check_isolation(config); !checked) return checked;
    const auto options = parse_security_options(read_texts(config, "SecurityOpt"));
    if (!options) return Error(options.error());
    if (Status there = check_security_modules(*options, check.kernel); !there) return there;
    if (const auto sysctls = resolve_sysctls(config); !sysctls) return Error(sysctls.error());
    if (const auto limits = resolve_rlimits(config, check.kernel); !limits) return Error(limits.error());
    return ok();
}

Status check_modes(Verification& check) {
    nlohmann::json& config = check.config;
    const std::string ipc = read_text(config, "IpcMode");
    if (!is_one_of(ipc, {"none", "private", "shareable", "host"}) && !is_join(ipc)) {
        return invalid("invalid IPC mode: " + ipc);
    }
    const std::string pid = read_text(config, "PidMode");
    if (!is_one_of(pid, {"host"}) && !is_join(pid)) return invalid("invalid PID mode: " + pid);
    if (read_int(config, "ShmSize") < 0) return invalid("SHM size can not be less than 0");
    const std::string uts = read_text(config, "UTSMode");
    if (!is_one_of(uts, {"host"}) && !is_join(uts)) return invalid("invalid UTS mode: " + uts);
    if (const int64_t score = read_int(config, "OomScoreAdj"); score < -1000 || score > 1000) {
        return invalid("Invalid value " + std::to_string(score) + ", range for oom score adj is [-1000, 1000]");
    }
    check_forwarding(check);
    const std::string user = read_text(config, "UsernsMode");
    if (!is_one_of(user, {"host", "private", "auto"}) && !is_join(user)) return invalid("invalid USER mode: " + user);

    const std::string cgroup = read_text(config, "CgroupnsMode");
    if (!is_one_of(cgroup, {"private", "host"}) && !is_join(cgroup)) {
        return invalid("invalid cgroup namespace mode: " + cgroup);
    }
    if (!cgroup.empty() && !check.kernel.cgroup_namespaces) {
        check.warn("Your kernel does not support cgroup namespaces.  Cgroup namespace setting discarded.");
        config["CgroupnsMode"] = "";
    }
    return ok();
}

Status check_offered(Verification& check) {
    const nlohmann::json& config = check.config;
    const std::string parent = read_text(config, "CgroupParent");
    if (check.cgroups.systemd_units && !parent.empty()) {
        if (const auto slice = expand_slice(parent); !slice) return slice.error();
    } else if (const auto group = parse_group_parent(parent); !group) {
        return group.error();
    }
    if (const nlohmann::json& options = member_of(config, "StorageOpt"); options.is_object() && !options.empty()) {
        const std::string key = options.contains("size") ? "size" : options.begin().key();
        if (key != "size") return invalid("Unknown option " + key);
        return invalid("--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
    }
    return ok();
}

}  // namespace slipway::linux_backend
