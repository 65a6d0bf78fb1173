#include "render/container_json.hpp"

#include "errors.hpp"
#include "render/duration.hpp"

#include <algorithm>
#include <array>
#include <slipway/core/exit_code.hpp>
#include <utility>

namespace slipway::api {
namespace {

using nlohmann::json;

// A member of `object` when it is there, whatever `object` is.
json get_or(const json& object, const char* key, json otherwise) {
    if (!object.is_object()) return otherwise;
    const auto it = object.find(key);
    return it == object.end() || it->is_null() ? otherwise : *it;
}

json phases_json(const core::StartReport& report) {
    json phases = json::array();
    for (const core::PhaseReport& phase : report.phases) {
        json entry{{"Name", phase.name}, {"OffsetNs", phase.offset_ns}, {"DurationNs", phase.duration_ns}};
        if (phase.failed) entry["Failed"] = true;
        if (phase.undone) {
            entry["Undone"] = true;
            entry["UndoNs"] = phase.undo_ns;
        }
        if (!phase.undo_error.empty()) entry["UndoError"] = phase.undo_error;
        phases.push_back(std::move(entry));
    }
    return phases;
}

// State.Slipway: what runs now, and how the last start went.
json own_state(const core::ContainerRecord& record) {
    json out{{"Backend", record.backend}, {"Phase", record.phase}, {"LastStart", nullptr}};
    if (!record.phase.empty()) out["PhaseSince"] = core::to_rfc3339(record.phase_since);
    if (record.restart_at != 0) out["RestartAt"] = core::to_rfc3339(record.restart_at);
    if (record.last_start) {
        const core::StartReport& report = *record.last_start;
        out["LastStart"] = {{"Began", core::to_rfc3339(report.began)},
                            {"TotalNs", report.total_ns},
                            {"Succeeded", report.succeeded},
                            {"Phases", phases_json(report)},
                            {"Error", report.error}};
    }
    return out;
}

json health_json(const core::HealthState& health) {
    json results = json::array();
    for (const core::HealthResult& result : health.log) {
        results.push_back({{"Start", core::to_rfc3339(result.start)},
                           {"End", core::to_rfc3339(result.end)},
                           {"ExitCode", result.exit_code},
                           {"Output", result.output}});
    }
    return {{"Status", std::string(core::to_string(health.status))},
            {"FailingStreak", health.failing_streak},
            {"Log", std::move(results)}};
}

json state_json(const core::ContainerRecord& record) {
    using core::RunState;
    const RunState state = record.state;
    json out{{"Status", std::string(core::to_string(state))},
             // The overlapping flags clients know: paused and restarting containers show Running as well.
             {"Running", record.is_running()},
             {"Paused", state == RunState::kPaused},
             {"Restarting", state == RunState::kRestarting},
             {"OOMKilled", record.oom_killed},
             {"Dead", state == RunState::kDead},
             {"Pid", record.pid},
             {"ExitCode", core::shown_exit_code(record.exit_code)},
             {"Error", record.error},
             {"StartedAt", core::to_rfc3339(record.started_at)},
             {"FinishedAt", core::to_rfc3339(record.finished_at)},
             {"Slipway", own_state(record)}};
    if (record.health) out["Health"] = health_json(*record.health);
    return out;
}

// " (healthy)", " (health: starting)" or nothing.
std::string health_suffix(const core::ContainerRecord& record) {
    if (!record.health) return "";
    const std::string status(core::to_string(record.health->status));
    return record.health->status == core::HealthStatus::kStarting ? " (health: " + status + ")" : " (" + status + ")";
}

std::string port_key(const json& port) {
    return std::to_string(get_or(port, "ContainerPort", 0).get<int64_t>()) + "/" +
           get_or(port, "Proto", "tcp").get<std::string>();
}

// {"80/tcp": [{"HostIp", "HostPort"}], "81/tcp": null}; empty unless the container runs.
json ports_map(const core::ContainerRecord& record) {
    json ports = json::object();
    if (!record.is_running()) return ports;
    const json exposed = get_or(record.config, "ExposedPorts", json::object());
    for (auto it = exposed.begin(); it != exposed.end(); ++it) ports[it.key()] = nullptr;
    for (const core::EndpointRecord& endpoint : record.endpoints) {
        const json published = get_or(endpoint.result, "Ports", json::array());
        for (const json& port : published) {
            const json host_port = get_or(port, "HostPort", 0);
            if (host_port == 0) continue;
            ports[port_key(port)].push_back(
                {{"HostIp", get_or(port, "HostIp", "")}, {"HostPort", std::to_string(host_port.get<int64_t>())}});
        }
    }
    return ports;
}

json networks_map(const core::ContainerRecord& record) {
    json networks = json::object();
    for (const core::EndpointRecord& endpoint : record.endpoints) {
        networks[endpoint.network_name] = endpoint_json(endpoint);
    }
    return networks;
}

json network_settings(const core::ContainerRecord& record) {
    json out{{"Bridge", ""},
             {"SandboxID", record.sandbox_key.empty() ? "" : record.id},
             {"SandboxKey", record.sandbox_key},
             {"Ports", ports_map(record)},
             {"HairpinMode", false},
             {"LinkLocalIPv6Address", ""},
             {"LinkLocalIPv6PrefixLen", 0},
             {"SecondaryIPAddresses", nullptr},
             {"SecondaryIPv6Addresses", nullptr},
             {"Networks", networks_map(record)}};
    // Deprecated copies of the default bridge's endpoint.
    static constexpr std::array<const char*, 8> kCopied{"EndpointID",          "Gateway",   "GlobalIPv6Address",
                                                        "GlobalIPv6PrefixLen", "IPAddress", "IPPrefixLen",
                                                        "IPv6Gateway",         "MacAddress"};
    const json& networks = out["Networks"];
    const json bridge = networks.contains("bridge") ? networks["bridge"] : endpoint_json({});
    for (const char* key : kCopied) out[key] = bridge[key];
    return out;
}

void add_sizes(json& out, const ContainerSizes& sizes) {
    if (sizes.writable) out["SizeRw"] = *sizes.writable;
    if (sizes.root) out["SizeRootFs"] = *sizes.root;
}

json ports_list(const core::ContainerRecord& record) {
    json out = json::array();
    const json ports = ports_map(record);
    for (const auto& [port, bindings] : ports.items()) {
        const size_t slash = port.find('/');
        const std::string type = slash == std::string::npos ? "tcp" : port.substr(slash + 1);
        // The key comes from a request ("80-90/tcp" is possible) and need not be one number.
        const int64_t number = std::strtoll(port.c_str(), nullptr, 10);
        if (bindings.is_null()) out.push_back({{"PrivatePort", number}, {"Type", type}});
        if (!bindings.is_array()) continue;
        for (const json& binding : bindings) {
            json entry{{"PrivatePort", number}, {"Type", type}};
            const std::string host_ip = binding["HostIp"].get<std::string>();
            if (!host_ip.empty()) entry["IP"] = host_ip;
            entry["PublicPort"] = std::strtoll(binding["HostPort"].get_ref<const std::string&>().c_str(), nullptr, 10);
            out.push_back(std::move(entry));
        }
    }
    return out;
}

// The command as one line, arguments with spaces quoted.
std::string command_line(const core::ContainerRecord& record) {
    std::string out = record.path;
    for (const std::string& argument : record.args) {
        out += ' ';
        out += argument.find(' ') == std::string::npos ? argument : "'" + argument + "'";
    }
    return out;
}

}  // namespace

json endpoint_json(const core::EndpointRecord& endpoint) {
    const json& asked = endpoint.settings;
    const json& got = endpoint.result;
    return {{"IPAMConfig", get_or(asked, "IPAMConfig", nullptr)},
            {"Links", get_or(asked, "Links", nullptr)},
            {"Aliases", get_or(asked, "Aliases", nullptr)},
            {"DriverOpts", get_or(asked, "DriverOpts", nullptr)},
            {"GwPriority", get_or(asked, "GwPriority", 0)},
            {"NetworkID", endpoint.network_id},
            {"EndpointID", endpoint.endpoint_id},
            {"Gateway", get_or(got, "Gateway", "")},
            {"IPAddress", get_or(got, "IPAddress", "")},
            {"IPPrefixLen", get_or(got, "IPPrefixLen", 0)},
            {"IPv6Gateway", get_or(got, "IPv6Gateway", "")},
            {"GlobalIPv6Address", get_or(got, "GlobalIPv6Address", "")},
            {"GlobalIPv6PrefixLen", get_or(got, "GlobalIPv6PrefixLen", 0)},
            {"MacAddress", get_or(got, "MacAddress", "")},
            {"DNSNames", nullptr}};
}

json inspect_json(const core::ContainerRecord& record, ApiVersion version, const ContainerSizes& sizes,
                  const std::string& platform_os) {
    json out{{"Id", record.id},
             {"Created", core::to_rfc3339(record.created)},
             {"Path", record.path},
             {"Args", record.args},
             {"State", state_json(record)},
             {"Image", record.image_id},
             {"ResolvConfPath", record.resolv_conf_path},
             {"HostnamePath", record.hostname_path},
             {"HostsPath", record.hosts_path},
             {"LogPath", record.log_path},
             {"Name", "/" + record.name},
             {"RestartCount", record.restart_count},
             {"Driver", "overlayfs"},
             {"Platform", platform_os},
             {"MountLabel", ""},
             {"ProcessLabel", ""},
             {"AppArmorProfile", ""},
             {"ExecIDs", nullptr},
             {"HostConfig", record.host_config},
             {"GraphDriver", {{"Name", "overlayfs"}, {"Data", nullptr}}},
             {"Mounts", record.mounts},
             {"Config", record.config},
             {"NetworkSettings", network_settings(record)}};
    if (version < ApiVersion{1, 44} && out["HostConfig"].is_object()) out["HostConfig"].erase("Annotations");
    add_sizes(out, sizes);
    return out;
}

json summary_json(const core::ContainerRecord& record, ApiVersion, const ContainerSizes& sizes, core::UnixNanos now) {
    json networks = json::object();
    for (const core::EndpointRecord& endpoint : record.endpoints) {
        networks[endpoint.network_name] = endpoint_json(endpoint);
    }
    json out{{"Id", record.id},
             {"Names", json::array({"/" + record.name})},
             {"Image", record.image.empty() ? record.image_id : record.image},
             {"ImageID", record.image_id},
             {"Command", command_line(record)},
             {"Created", record.created / 1'000'000'000},
             {"Ports", ports_list(record)},
             {"Labels", get_or(record.config, "Labels", json::object())},
             {"State", std::string(core::to_string(record.state))},
             {"Status", status_text(record, now)},
             {"HostConfig", {{"NetworkMode", get_or(record.host_config, "NetworkMode", "default")}}},
             {"NetworkSettings", {{"Networks", std::move(networks)}}},
             {"Mounts", record.mounts}};
    add_sizes(out, sizes);
    return out;
}

std::string status_text(const core::ContainerRecord& record, core::UnixNanos now) {
    using core::RunState;
    const std::string code = "(" + std::to_string(core::shown_exit_code(record.exit_code)) + ") ";
    switch (record.state) {
        case RunState::kCreated:
            return "Created";
        case RunState::kRunning:
            return "Up " + human_duration(now - record.started_at) + health_suffix(record);
        case RunState::kPaused:
            return "Up " + human_duration(now - record.started_at) + " (Paused)";
        case RunState::kRestarting:
            return "Restarting " + code + human_duration(now - record.finished_at) + " ago";
        case RunState::kExited:
            return "Exited " + code + human_duration(now - record.finished_at) + " ago";
        case RunState::kRemoving:
            return "Removal In Progress";
        case RunState::kDead:
            return "Dead";
    }
    return "";
}

}  // namespace slipway::api
