#include <spec/json_access.hpp>
#include <spec/process_section.hpp>
#include <spec/resources.hpp>

#include <algorithm>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

constexpr const char* kDefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string_view key_of(std::string_view entry) {
    return entry.substr(0, entry.find('='));
}

void set_variable(std::vector<std::string>& environment, const std::string& entry) {
    const auto same = std::find_if(environment.begin(), environment.end(),
                                   [&](const std::string& have) { return key_of(have) == key_of(entry); });
    const bool removes = entry.find('=') == std::string::npos;
    if (same == environment.end()) {
        if (!removes) environment.push_back(entry);
    } else if (removes) {
        environment.erase(same);
    } else {
        *same = entry;
    }
}

Status check_environment(const std::vector<std::string>& environment) {
    for (const std::string& entry : environment) {
        const std::string name(key_of(entry));
        if (entry.find('\0') != std::string::npos) {
            return Error(ErrorCode::kInvalidArgument,
                         "environment variable '" + name.substr(0, name.find('\0')) + "' has a NUL in it");
        }
        if (name == "HOME" && entry.find_first_of("\n\r:") != std::string::npos) {
            return Error(ErrorCode::kInvalidArgument, "HOME has a line break or a colon in it");
        }
    }
    return ok();
}

Result<json> arguments_of(const json& request) {
    json args = json::array({read_text(request, "Path")});
    for (std::string& argument : read_texts(request, "Args")) args.push_back(std::move(argument));
    for (const json& argument : args) {
        if (argument.get_ref<const std::string&>().find('\0') != std::string::npos) {
            return Error(ErrorCode::kInvalidArgument, "the command has a NUL in it");
        }
    }
    return args;
}

// As execve would have it: only root keeps what the bounding set allows; inheritable and ambient sets stay empty, or
// file capabilities would add to them (CVE-2022-24769).
json capabilities_of(CapabilitySet set, uint32_t uid) {
    const std::vector<std::string> names = capability_names(set);
    const std::vector<std::string> held = uid == 0 ? names : std::vector<std::string>();
    return {{"bounding", names},
            {"effective", held},
            {"permitted", held},
            {"inheritable", json::array()},
            {"ambient", json::array()}};
}

}  // namespace

std::string full_hostname(const json& request) {
    const std::string host = read_text(request, "Hostname");
    const std::string domain = read_text(request, "Domainname");
    return domain.empty() ? host : host + "." + domain;
}

Result<std::vector<std::string>> resolve_environment(const json& request, const std::string& home) {
    const json& config = member_of(request, "Config");
    std::vector<std::string> environment = {kDefaultPath, "HOSTNAME=" + full_hostname(request)};
    if (read_flag(config, "Tty")) environment.emplace_back("TERM=xterm");

    const json& given = member_of(request, "Env").is_array() ? request : config;
    for (const std::string& entry : read_texts(given, "Env")) set_variable(environment, entry);
    const bool has_home = std::any_of(environment.begin(), environment.end(),
                                      [](const std::string& entry) { return key_of(entry) == "HOME"; });
    if (!has_home) environment.push_back("HOME=" + home);
    if (Status checked = check_environment(environment); !checked) return std::move(checked).error();
    return environment;
}

Result<json> process_section(const json& request, const UserIdentity& user, CapabilitySet capabilities,
                             const SecurityOptions& security, const KernelFacts& kernel) {
    const json& config = member_of(request, "Config");
    const json& host_config = member_of(request, "HostConfig");
    Result<json> args = arguments_of(request);
    if (!args) return std::move(args).error();
    Result<std::vector<std::string>> environment = resolve_environment(request, user.home);
    if (!environment) return std::move(environment).error();
    Result<json> rlimits = resolve_rlimits(host_config, kernel);
    if (!rlimits) return std::move(rlimits).error();

    const std::string directory = read_text(config, "WorkingDir");
    json process{{"terminal", read_flag(config, "Tty")},
                 {"user", {{"uid", user.uid}, {"gid", user.gid}, {"additionalGids", user.groups}}},
                 {"args", std::move(*args)},
                 {"env", std::move(*environment)},
                 {"cwd", directory.empty() ? "/" : directory},
                 {"capabilities", capabilities_of(capabilities, user.uid)},
                 {"rlimits", std::move(*rlimits)},
                 {"noNewPrivileges", security.no_new_privileges},
                 {"oomScoreAdj", read_int(host_config, "OomScoreAdj")}};
    if (!security.apparmor.empty()) process["apparmorProfile"] = security.apparmor;
    if (!security.selinux.empty()) process["selinuxLabel"] = security.selinux;
    return process;
}

}  // namespace slipway::linux_backend
