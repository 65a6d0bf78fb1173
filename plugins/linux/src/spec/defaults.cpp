#include <spec/capabilities.hpp>
#include <spec/defaults.hpp>
#include <spec/json_access.hpp>
#include <spec/resources.hpp>
#include <spec/seccomp_profile.hpp>

#include <algorithm>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

bool names_option(const json& host_config, const std::string& key) {
    const std::vector<std::string> options = read_texts(host_config, "SecurityOpt");
    return std::any_of(options.begin(), options.end(),
                       [&](const std::string& option) { return option.substr(0, option.find_first_of("=:")) == key; });
}

void add_option(json& host_config, const std::string& option) {
    json& options = host_config["SecurityOpt"];
    if (!options.is_array()) options = json::array();
    options.push_back(option);
}

void add_ulimits(json& host_config, const json& defaults) {
    json& limits = host_config["Ulimits"];
    if (!limits.is_array()) limits = json::array();
    for (const json& limit : defaults) {
        const bool given = std::any_of(limits.begin(), limits.end(), [&](const json& own) {
            return read_text(own, "Name") == read_text(limit, "Name");
        });
        if (!given) limits.push_back(limit);
    }
}

Status check_seccomp(const std::string& profile) {
    if (profile.empty() || profile == "builtin" || profile == "unconfined") return ok();
    const Result<json> parsed = parse_seccomp_profile(profile, kDefaultCapabilities);
    return parsed ? ok() : Status(Error(parsed.error()).context("seccomp_profile"));
}

}  // namespace

Result<ContainerDefaults> ContainerDefaults::from_json(const json& configuration) {
    ContainerDefaults defaults;
    defaults.init = read_flag(configuration, "init");
    defaults.no_new_privileges = read_flag(configuration, "no_new_privileges");
    defaults.seccomp = read_text(configuration, "seccomp_profile");
    if (Status checked = check_seccomp(defaults.seccomp); !checked) return std::move(checked).error();
    if (const json& ulimits = member_of(configuration, "default_ulimits"); ulimits.is_object()) {
        for (const auto& [name, limit] : ulimits.items()) {
            json entry = limit.is_object() ? limit : json::object();
            if (read_text(entry, "Name").empty()) entry["Name"] = name;
            defaults.ulimits.push_back(std::move(entry));
        }
    }
    const Result<json> limits = resolve_rlimits({{"Ulimits", defaults.ulimits}}, KernelFacts{});
    if (!limits) return Error(limits.error()).context("default_ulimits");
    return defaults;
}

json with_defaults(const json& request, const ContainerDefaults& defaults) {
    json completed = request;
    json& host_config = completed["HostConfig"];
    if (!host_config.is_object()) host_config = json::object();
    if (defaults.init && !member_of(host_config, "Init").is_boolean()) host_config["Init"] = true;
    if (defaults.no_new_privileges && !names_option(host_config, "no-new-privileges")) {
        add_option(host_config, "no-new-privileges");
    }
    if (!defaults.seccomp.empty() && !names_option(host_config, "seccomp") && !read_flag(host_config, "Privileged")) {
        add_option(host_config, "seccomp=" + defaults.seccomp);
    }
    add_ulimits(host_config, defaults.ulimits);
    return completed;
}

}  // namespace slipway::linux_backend
