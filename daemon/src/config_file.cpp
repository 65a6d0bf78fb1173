#include "config_file.hpp"

#include "options.hpp"
#include "sys/state_files.hpp"

#include <slipway/core/path.hpp>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

namespace slipway::daemon {
namespace {

using nlohmann::json;

Error bad(std::string text) {
    return Error(ErrorCode::kInvalidArgument, std::move(text));
}

// Stores one key of the file; false when the value has the wrong type.
using Setter = std::function<bool(const json&, DaemonOptions&)>;

template <class Member>
Setter text(Member DaemonOptions::*member) {
    return [member](const json& value, DaemonOptions& options) {
        if (!value.is_string()) return false;
        options.*member = value.get<std::string>();
        return true;
    };
}

Setter path(std::filesystem::path DaemonOptions::*member) {
    return [member](const json& value, DaemonOptions& options) {
        if (!value.is_string()) return false;
        options.*member = core::path_of(value.get<std::string>());
        return true;
    };
}

Setter texts(std::vector<std::string> DaemonOptions::*member) {
    return [member](const json& value, DaemonOptions& options) {
        if (!value.is_array() ||
            !std::all_of(value.begin(), value.end(), [](const json& v) { return v.is_string(); })) {
            return false;
        }
        options.*member = value.get<std::vector<std::string>>();
        return true;
    };
}

bool set_debug(const json& value, DaemonOptions& options) {
    if (!value.is_boolean()) return false;
    if (value.get<bool>()) options.log_level = "debug";
    return true;
}

Setter flag(bool DaemonOptions::*member) {
    return [member](const json& value, DaemonOptions& options) {
        if (!value.is_boolean()) return false;
        options.*member = value.get<bool>();
        return true;
    };
}

Setter object(json DaemonOptions::*member) {
    return [member](const json& value, DaemonOptions& options) {
        if (!value.is_object()) return false;
        options.*member = value;
        return true;
    };
}

bool set_phase_deadlines(const json& value, DaemonOptions& options) {
    if (!value.is_object()) return false;
    for (const auto& [phase, milliseconds] : value.items()) {
        if (!milliseconds.is_number_integer()) return false;
        options.phase_deadlines[phase] = milliseconds.get<int64_t>();
    }
    return true;
}

const std::map<std::string, Setter>& setters() {
    static const std::map<std::string, Setter> kSetters{
        {"hosts", texts(&DaemonOptions::hosts)},
        {"group", text(&DaemonOptions::group)},
        {"data-root", path(&DaemonOptions::data_root)},
        {"exec-root", path(&DaemonOptions::exec_root)},
        {"pidfile", text(&DaemonOptions::pidfile)},
        {"bridge", text(&DaemonOptions::bridge)},
        {"bip", text(&DaemonOptions::bip)},
        {"cgroup-parent", text(&DaemonOptions::cgroup_parent)},
        {"exec-opts", texts(&DaemonOptions::exec_opts)},
        {"userns-remap", text(&DaemonOptions::userns_remap)},
        {"userns-pool", text(&DaemonOptions::userns_pool)},
        {"cdi-spec-dirs", texts(&DaemonOptions::cdi_spec_dirs)},
        {"journald-socket", text(&DaemonOptions::journald_socket)},
        {"log-level", text(&DaemonOptions::log_level)},
        {"debug", set_debug},
        {"default-runtime", text(&DaemonOptions::default_runtime)},
        {"min-api-version", text(&DaemonOptions::min_api_version)},
        {"backend-dirs", texts(&DaemonOptions::backend_dirs)},
        {"shutdown-timeout",
         [](const json& value, DaemonOptions& options) {
             if (!value.is_number_integer()) return false;
             options.shutdown_timeout = value.get<int64_t>();
             return true;
         }},
        {"insecure-loopback", flag(&DaemonOptions::insecure_loopback)},
        {"init", flag(&DaemonOptions::init)},
        {"no-new-privileges", flag(&DaemonOptions::no_new_privileges)},
        {"seccomp-profile", text(&DaemonOptions::seccomp_profile)},
        {"phase-deadlines", set_phase_deadlines},
        {"default-ulimits", object(&DaemonOptions::default_ulimits)},
        {"backends", object(&DaemonOptions::backends)},
    };
    return kSetters;
}

std::string shown(const json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

Status check_keys(const json& document) {
    std::string unknown;
    for (auto it = document.begin(); it != document.end(); ++it) {
        if (setters().count(it.key()) == 0) unknown += (unknown.empty() ? "" : ", ") + it.key();
    }
    if (unknown.empty()) return ok();
    return bad("the following directives don't match any configuration option: " + unknown);
}

Status check_conflicts(const json& document, const std::vector<std::pair<std::string, std::string>>& from_flags) {
    std::string conflicts;
    for (const auto& [name, value] : from_flags) {
        if (!document.contains(name)) continue;
        conflicts += (conflicts.empty() ? "" : ", ") + name + ": (from flag: " + value +
                     ", from file: " + shown(document[name]) + ")";
    }
    if (conflicts.empty()) return ok();
    return bad("the following directives are specified both as a flag and in the configuration file: " + conflicts);
}

}  // namespace

Result<json> read_config_file(const std::string& path, bool required) {
    std::ifstream file(core::path_of(path));
    if (!file) {
        const int err = errno;
        if (err == ENOENT && !required) return json::object();
        Error error = Error::from_errno(err, "open configuration file '" + path + "'");
        return err == ENOENT ? std::move(error).with_code(ErrorCode::kNotFound) : std::move(error);
    }
    if (Status owned = check_owner(core::path_of(path)); !owned) {
        return std::move(owned).error().context("configuration file");
    }
    std::stringstream content;
    content << file.rdbuf();
    const std::string all = content.str();
    if (all.find_first_not_of(" \t\r\n") == std::string::npos) return json::object();
    try {
        json document = json::parse(all);
        if (!document.is_object()) return bad("configuration file '" + path + "' holds no JSON object");
        return document;
    } catch (const json::exception& failure) {
        return bad("configuration file '" + path + "': " + failure.what());
    }
}

Status apply_config_file(const json& document, const std::vector<std::pair<std::string, std::string>>& from_flags,
                         DaemonOptions& options) {
    if (Status known = check_keys(document); !known) return known;
    if (Status apart = check_conflicts(document, from_flags); !apart) return apart;
    for (auto it = document.begin(); it != document.end(); ++it) {
        if (!setters().at(it.key())(it.value(), options)) {
            return bad("'" + it.key() + "' cannot be a value of type " + it.value().type_name());
        }
    }
    return ok();
}

}  // namespace slipway::daemon
