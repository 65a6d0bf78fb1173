#include <spec/build_spec.hpp>
#include <spec/capabilities.hpp>
#include <spec/cdi_devices.hpp>
#include <spec/devices.hpp>
#include <spec/json_access.hpp>
#include <spec/process_section.hpp>
#include <spec/resources.hpp>
#include <spec/seccomp_profile.hpp>
#include <spec/security_options.hpp>
#include <spec/standard_mounts.hpp>
#include <spec/sysctls.hpp>
#include <spec/user_lookup.hpp>

#include <algorithm>
#include <map>
#include <optional>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

bool has_line_break_or_nul(const std::string& text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return c == '\0' || c == '\n' || c == '\r'; });
}

// Both end up in /etc/hosts, which is made of lines.
Status check_names(const json& request) {
    for (const char* key : {"Hostname", "Domainname"}) {
        const std::string name = read_text(request, key);
        if (has_line_break_or_nul(name) || name.find(':') != std::string::npos || name.size() > 253) {
            return Error(ErrorCode::kInvalidArgument, "invalid hostname format: " + name).with_resource(name);
        }
    }
    return ok();
}

// ---- name spaces -----------------------------------------------------------------------------------------------

Result<std::string> joined_path(const std::string& container, const char* file, const SpecContext& context) {
    if (!context.container_pid) {
        return Error(ErrorCode::kUnimplemented,
                     "joining the name spaces of container '" + container + "' is not offered");
    }
    const Result<int64_t> pid = context.container_pid(container);
    if (!pid) return Error(pid.error());
    return "/proc/" + std::to_string(*pid) + "/" + file;
}

Status add_namespace(json& list, const char* type, const std::string& mode, const SpecContext& context) {
    if (mode == "host") return ok();
    json entry = {{"type", type}};
    if (const std::optional<std::string> container = joined_container(mode)) {
        const std::string file = "ns/" + std::string(type);
        Result<std::string> path = joined_path(*container, file.c_str(), context);
        if (!path) return std::move(path).error();
        entry["path"] = std::move(*path);
    }
    list.push_back(std::move(entry));
    return ok();
}

Result<json> namespaces_of(const json& host_config, const SpecContext& context) {
    json list = json::array({{{"type", "mount"}}});
    for (const auto& [key, type] :
         {std::pair{"PidMode", "pid"}, std::pair{"IpcMode", "ipc"}, std::pair{"UTSMode", "uts"}}) {
        Status added = add_namespace(list, type, read_text(host_config, key), context);
        if (!added) return std::move(added).error();
    }
    if (read_text(host_config, "NetworkMode") != "host") list.push_back({{"type", "network"}});
    // Verified and never empty where the kernel has them.
    if (context.kernel.cgroup_namespaces) {
        Status added = add_namespace(list, "cgroup", read_text(host_config, "CgroupnsMode"), context);
        if (!added) return std::move(added).error();
    }
    if (context.id_map != nullptr) list.push_back({{"type", "user"}});
    return list;
}

json mappings_of(const IdRanges& ranges) {
    json list = json::array();
    for (const IdRange& range : ranges) {
        list.push_back({{"containerID", range.container}, {"hostID", range.host}, {"size", range.size}});
    }
    return list;
}

// What depends on who the container's users are.
void add_user_namespace(json& section, const IdMap& map, std::map<std::string, std::string>& sysctls,
                        const json& host_config) {
    section["uidMappings"] = mappings_of(map.uids);
    section["gidMappings"] = mappings_of(map.gids);
    // The kernel refuses groups that the container does not have; the rest stays everybody.
    constexpr const char* kPing = "net.ipv4.ping_group_range";
    const auto ping = sysctls.find(kPing);
    const json& given = member_of(host_config, "Sysctls");
    if (ping == sysctls.end() || given.contains(kPing) || given.contains("net/ipv4/ping_group_range")) return;
    for (const IdRange& range : map.gids) {
        if (range.container == 0) ping->second = "0 " + std::to_string(range.size - 1);
    }
}

// ---- the rest --------------------------------------------------------------------------------------------------

Result<ShmSource> shm_of(const json& host_config, const SpecContext& context) {
    ShmSource shm;
    const std::string mode = read_text(host_config, "IpcMode");
    if (const int64_t size = read_int(host_config, "ShmSize"); size > 0) shm.size_bytes = size;
    shm.mounted = mode != "none";
    if (mode == "host") shm.bind_source = "/dev/shm";
    if (const std::optional<std::string> container = joined_container(mode)) {
        Result<std::string> path = joined_path(*container, "root/dev/shm", context);
        if (!path) return std::move(path).error();
        shm.bind_source = std::move(*path);
    }
    return shm;
}

// Null gives the defaults, a list, empty ones included, replaces them. Privileged containers see everything.
json paths_of(const json& host_config, const char* key, bool unconfined, std::vector<std::string> defaults) {
    if (read_flag(host_config, "Privileged")) return json::array();
    const json& given = member_of(host_config, key);
    if (given.is_array()) return read_texts(host_config, key);
    if (unconfined) return json::array();
    return defaults;
}

// Nothing means no filter.
Result<std::optional<json>> seccomp_of(const json& host_config, const SecurityOptions& security,
                                       CapabilitySet capabilities, const KernelFacts& kernel) {
    const bool builtin = security.seccomp.empty() || security.seccomp == "builtin";
    if (security.seccomp == "unconfined") return std::optional<json>();
    if (builtin && (read_flag(host_config, "Privileged") || !kernel.seccomp)) return std::optional<json>();
    if (builtin) return std::optional<json>(default_seccomp_profile(capabilities));
    if (!kernel.seccomp) {
        return Error(ErrorCode::kInvalidArgument,
                     "Seccomp is not enabled in your kernel, cannot run a custom seccomp profile.");
    }
    Result<json> profile = parse_seccomp_profile(security.seccomp, capabilities);
    if (!profile) return std::move(profile).error();
    return std::optional<json>(std::move(*profile));
}

Result<CdiEdits> cdi_edits(const json& host_config, const SpecContext& context) {
    const Result<std::vector<std::string>> names = requested_cdi_devices(host_config);
    if (!names) return names.error();
    return resolve_cdi_devices(*names, context.cdi_directories);
}

// The edits of CDI devices but the device nodes.
void apply_cdi(json& document, const CdiEdits& edits) {
    json& process = document["process"];
    for (const std::string& variable : edits.env) {
        const std::string prefix = variable.substr(0, variable.find('=') + 1);
        json& all = process["env"];
        const auto same = std::find_if(all.begin(), all.end(), [&](const json& known) {
            return known.get_ref<const std::string&>().starts_with(prefix);
        });
        if (same == all.end()) {
            all.push_back(variable);
        } else {
            *same = variable;
        }
    }
    for (const uint32_t group : edits.groups) process["user"]["additionalGids"].push_back(group);
    for (const CdiMount& mount : edits.mounts) {
        document["mounts"].push_back({{"destination", mount.container_path},
                                      {"type", "bind"},
                                      {"source", mount.host_path},
                                      {"options", mount.options}});
    }
}

Result<json> linux_section(const json& host_config, const CdiEdits& cdi, CapabilitySet capabilities,
                           const SecurityOptions& security, const SpecContext& context) {
    Result<json> namespaces = namespaces_of(host_config, context);
    if (!namespaces) return std::move(namespaces).error();
    Result<json> resources = resolve_resources(host_config);
    if (!resources) return std::move(resources).error();
    Result<DeviceSpec> devices = resolve_devices(host_config, cdi);
    if (!devices) return std::move(devices).error();
    auto sysctls = resolve_sysctls(host_config);
    if (!sysctls) return std::move(sysctls).error();
    Result<std::optional<json>> seccomp = seccomp_of(host_config, security, capabilities, context.kernel);
    if (!seccomp) return std::move(seccomp).error();

    const bool unconfined = security.unconfined_paths;
    (*resources)["devices"] = std::move(devices->rules);
    json section = {
        {"namespaces", std::move(*namespaces)},
        {"devices", std::move(devices->nodes)},
        {"resources", std::move(*resources)},
        {"cgroupsPath", context.cgroups_path},
        {"maskedPaths", paths_of(host_config, "MaskedPaths", unconfined, default_masked_paths(context.kernel))},
        {"readonlyPaths", paths_of(host_config, "ReadonlyPaths", unconfined, default_readonly_paths())},
        {"rootfsPropagation", "rprivate"},
    };
    if (context.id_map != nullptr) add_user_namespace(section, *context.id_map, *sysctls, host_config);
    if (!sysctls->empty()) section["sysctl"] = std::move(*sysctls);
    if (*seccomp) section["seccomp"] = std::move(**seccomp);
    return section;
}

Result<UserIdentity> user_of(const json& request, const SpecContext& context) {
    Result<UserDatabase> database = read_user_database(context.root_fd);
    if (!database) return std::move(database).error();
    return resolve_user(read_text(member_of(request, "Config"), "User"),
                        read_texts(member_of(request, "HostConfig"), "GroupAdd"), *database);
}

// The names a container's own UTS name space gets; with another's there is nothing to set.
void add_host_names(json& document, const json& request) {
    const std::string uts_mode = read_text(member_of(request, "HostConfig"), "UTSMode");
    if (uts_mode == "host" || joined_container(uts_mode)) return;
    document["hostname"] = full_hostname(request);
    if (const std::string domain = read_text(request, "Domainname"); !domain.empty()) document["domainname"] = domain;
}

}  // namespace

Result<json> build_spec(const json& request, const SpecContext& context) {
    const json& host_config = member_of(request, "HostConfig");
    if (Status checked = check_names(request); !checked) return std::move(checked).error();

    Result<SecurityOptions> security = parse_security_options(read_texts(host_config, "SecurityOpt"));
    if (!security) return std::move(security).error();
    if (Status there = check_security_modules(*security, context.kernel); !there) return std::move(there).error();
    const bool privileged = read_flag(host_config, "Privileged");
    Result<CapabilitySet> capabilities =
        resolve_capabilities(read_texts(host_config, "CapAdd"), read_texts(host_config, "CapDrop"), privileged,
                             context.kernel.capabilities, context.kernel.known_capabilities);
    if (!capabilities) return std::move(capabilities).error();
    Result<UserIdentity> user = user_of(request, context);
    if (!user) return std::move(user).error();
    Result<json> process = process_section(request, *user, *capabilities, *security, context.kernel);
    if (!process) return std::move(process).error();
    if (read_flag(host_config, "Init")) (*process)["init"] = true;
    Result<ShmSource> shm = shm_of(host_config, context);
    if (!shm) return std::move(shm).error();
    Result<json> mounts = standard_mounts(context.mount_targets, *shm, privileged);
    if (!mounts) return std::move(mounts).error();
    const Result<CdiEdits> cdi = cdi_edits(host_config, context);
    if (!cdi) return cdi.error();
    Result<json> linux_part = linux_section(host_config, *cdi, *capabilities, *security, context);
    if (!linux_part) return std::move(linux_part).error();

    json document = {{"ociVersion", "1.0.2"},
                     {"process", std::move(*process)},
                     {"root", {{"path", "rootfs"}, {"readonly", read_flag(host_config, "ReadonlyRootfs")}}},
                     {"mounts", std::move(*mounts)},
                     {"linux", std::move(*linux_part)}};
    add_host_names(document, request);
    apply_cdi(document, *cdi);
    if (const json& notes = member_of(host_config, "Annotations"); notes.is_object() && !notes.empty()) {
        document["annotations"] = notes;
    }
    return document;
}

Result<json> build_exec_spec(const json& request, const SpecContext& context) {
    const json& host_config = member_of(request, "HostConfig");
    Result<SecurityOptions> security = parse_security_options(read_texts(host_config, "SecurityOpt"));
    if (!security) return std::move(security).error();
    if (Status there = check_security_modules(*security, context.kernel); !there) return std::move(there).error();
    Result<CapabilitySet> capabilities = resolve_capabilities(
        read_texts(host_config, "CapAdd"), read_texts(host_config, "CapDrop"), read_flag(host_config, "Privileged"),
        context.kernel.capabilities, context.kernel.known_capabilities);
    if (!capabilities) return std::move(capabilities).error();
    Result<UserIdentity> user = user_of(request, context);
    if (!user) return std::move(user).error();
    Result<json> process = process_section(request, *user, *capabilities, *security, context.kernel);
    if (!process) return std::move(process).error();
    Result<std::optional<json>> seccomp = seccomp_of(host_config, *security, *capabilities, context.kernel);
    if (!seccomp) return std::move(seccomp).error();
    json linux_part = json::object();
    if (*seccomp) linux_part["seccomp"] = std::move(**seccomp);
    return json{{"process", std::move(*process)}, {"linux", std::move(linux_part)}};
}

}  // namespace slipway::linux_backend
