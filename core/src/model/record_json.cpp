// The stored form of a container record. Keys are the field names; what is new gets a default on reading, so that a
// newer daemon reads the records of an older one.
#include <slipway/core/record.hpp>

#include <array>
#include <utility>

namespace slipway::core {

namespace {

using nlohmann::json;

constexpr std::array<std::pair<RunState, std::string_view>, 7> kStates{{
    {RunState::kCreated, "created"},
    {RunState::kRunning, "running"},
    {RunState::kPaused, "paused"},
    {RunState::kRestarting, "restarting"},
    {RunState::kExited, "exited"},
    {RunState::kRemoving, "removing"},
    {RunState::kDead, "dead"},
}};

json phases_to_json(const StartReport& report) {
    json phases = json::array();
    for (const PhaseReport& phase : report.phases) {
        phases.push_back({{"name", phase.name},
                          {"offset_ns", phase.offset_ns},
                          {"duration_ns", phase.duration_ns},
                          {"failed", phase.failed},
                          {"undone", phase.undone},
                          {"undo_ns", phase.undo_ns},
                          {"undo_error", phase.undo_error}});
    }
    return phases;
}

json start_to_json(const StartReport& report) {
    return {{"began", report.began},
            {"total_ns", report.total_ns},
            {"succeeded", report.succeeded},
            {"phases", phases_to_json(report)},
            {"error", report.error}};
}

json endpoints_to_json(const std::vector<EndpointRecord>& endpoints) {
    json list = json::array();
    for (const EndpointRecord& endpoint : endpoints) {
        list.push_back({{"network_name", endpoint.network_name},
                        {"network_id", endpoint.network_id},
                        {"endpoint_id", endpoint.endpoint_id},
                        {"settings", endpoint.settings},
                        {"result", endpoint.result}});
    }
    return list;
}

// Reads fields of one object. A value of the wrong type, or a missing required one, is remembered by its key.
class Reader {
public:
    explicit Reader(const json& object) : object_(object) {}

    template <class T>
    void required(const char* key, T& out) {
        if (!object_.contains(key)) {
            fail(key, "is missing");
            return;
        }
        optional(key, out);
    }

    template <class T>
    void optional(const char* key, T& out) {
        const auto found = object_.find(key);
        if (found == object_.end()) return;
        try {
            found->get_to(out);
        } catch (const json::exception&) {
            fail(key, "has the wrong type");
        }
    }

    // Kept as it is, whatever it is.
    void document(const char* key, json& out) {
        const auto found = object_.find(key);
        if (found != object_.end()) out = *found;
    }

    const std::string& problem() const { return problem_; }

    void fail(const char* key, std::string_view what) {
        if (problem_.empty()) problem_ = "key '" + std::string(key) + "' " + std::string(what);
    }

private:
    const json& object_;
    std::string problem_;
};

void read_phases(const json& list, std::vector<PhaseReport>& phases) {
    if (!list.is_array()) return;
    for (const json& item : list) {
        if (!item.is_object()) continue;
        PhaseReport phase;
        Reader in(item);
        in.optional("name", phase.name);
        in.optional("offset_ns", phase.offset_ns);
        in.optional("duration_ns", phase.duration_ns);
        in.optional("failed", phase.failed);
        in.optional("undone", phase.undone);
        in.optional("undo_ns", phase.undo_ns);
        in.optional("undo_error", phase.undo_error);
        phases.push_back(std::move(phase));
    }
}

void read_start(const json& object, std::optional<StartReport>& out) {
    if (!object.is_object()) return;
    StartReport report;
    Reader in(object);
    in.optional("began", report.began);
    in.optional("total_ns", report.total_ns);
    in.optional("succeeded", report.succeeded);
    in.document("error", report.error);
    if (const auto phases = object.find("phases"); phases != object.end()) read_phases(*phases, report.phases);
    out = std::move(report);
}

constexpr std::array<std::string_view, 3> kHealthNames{"starting", "healthy", "unhealthy"};

json health_to_json(const HealthState& health) {
    json results = json::array();
    for (const HealthResult& result : health.log) {
        results.push_back(
            {{"start", result.start}, {"end", result.end}, {"exit_code", result.exit_code}, {"output", result.output}});
    }
    return {{"status", std::string(to_string(health.status))},
            {"failing_streak", health.failing_streak},
            {"log", std::move(results)}};
}

void read_health(const json& object, std::optional<HealthState>& out) {
    if (!object.is_object()) return;
    HealthState health;
    std::string status;
    Reader in(object);
    in.optional("status", status);
    in.optional("failing_streak", health.failing_streak);
    for (size_t i = 0; i < kHealthNames.size(); ++i) {
        if (status == kHealthNames[i]) health.status = static_cast<HealthStatus>(i);
    }
    const auto log = object.find("log");
    if (log != object.end() && log->is_array()) {
        for (const json& item : *log) {
            if (!item.is_object()) continue;
            HealthResult result;
            Reader entry(item);
            entry.optional("start", result.start);
            entry.optional("end", result.end);
            entry.optional("exit_code", result.exit_code);
            entry.optional("output", result.output);
            health.log.push_back(std::move(result));
        }
    }
    out = std::move(health);
}

void read_endpoints(const json& list, std::vector<EndpointRecord>& out) {
    if (!list.is_array()) return;
    for (const json& item : list) {
        if (!item.is_object()) continue;
        EndpointRecord endpoint;
        Reader in(item);
        in.optional("network_name", endpoint.network_name);
        in.optional("network_id", endpoint.network_id);
        in.optional("endpoint_id", endpoint.endpoint_id);
        in.document("settings", endpoint.settings);
        in.document("result", endpoint.result);
        out.push_back(std::move(endpoint));
    }
}

json links_to_json(const std::vector<LinkRecord>& links) {
    json list = json::array();
    for (const LinkRecord& link : links) list.push_back({{"target_id", link.target_id}, {"alias", link.alias}});
    return list;
}

void read_links(const json& list, std::vector<LinkRecord>& out) {
    if (!list.is_array()) return;
    for (const json& item : list) {
        if (!item.is_object()) continue;
        LinkRecord link;
        Reader in(item);
        in.optional("target_id", link.target_id);
        in.optional("alias", link.alias);
        out.push_back(std::move(link));
    }
}

void read_identity(Reader& in, ContainerRecord& record) {
    in.required("id", record.id);
    in.required("name", record.name);
    in.required("created", record.created);
    in.optional("image", record.image);
    in.optional("image_id", record.image_id);
    in.optional("layers", record.layers);
    in.required("backend", record.backend);
    in.required("config", record.config);
    in.required("host_config", record.host_config);
    in.required("path", record.path);
    in.optional("args", record.args);
    in.document("mounts", record.mounts);
    in.document("inherited", record.inherited);
    in.document("mount_plan", record.mount_plan);
    in.document("user_namespace", record.user_namespace);
}

void read_state(Reader& in, ContainerRecord& record) {
    std::string desired;
    in.optional("desired", desired);
    record.desired = desired == "running" ? DesiredState::kRunning : DesiredState::kStopped;
    in.optional("started_before", record.started_before);
    in.optional("manually_stopped", record.manually_stopped);
    in.optional("pid", record.pid);
    in.optional("exit_code", record.exit_code);
    in.optional("oom_killed", record.oom_killed);
    in.optional("error", record.error);
    in.optional("started_at", record.started_at);
    in.optional("finished_at", record.finished_at);
    in.optional("exit_noted", record.exit_noted);
    in.optional("restart_count", record.restart_count);
    in.optional("restart_at", record.restart_at);
    in.optional("on_unhealthy", record.on_unhealthy);
    in.optional("phase", record.phase);
    in.optional("phase_since", record.phase_since);
    in.optional("sandbox_key", record.sandbox_key);
    in.optional("data_dir", record.data_dir);
    in.optional("log_path", record.log_path);
    in.optional("hostname_path", record.hostname_path);
    in.optional("hosts_path", record.hosts_path);
    in.optional("resolv_conf_path", record.resolv_conf_path);

    std::string state;
    in.required("state", state);
    for (const auto& [value, name] : kStates) {
        if (name == state) {
            record.state = value;
            return;
        }
    }
    in.fail("state", "has the unknown value '" + state + "'");
}

}  // namespace

std::string_view to_string(HealthStatus status) {
    return kHealthNames[static_cast<size_t>(status)];
}

std::string_view to_string(RunState state) {
    for (const auto& [value, name] : kStates) {
        if (value == state) return name;
    }
    return "unknown";
}

json to_json(const ContainerRecord& record) {
    return {{"id", record.id},
            {"name", record.name},
            {"created", record.created},
            {"image", record.image},
            {"image_id", record.image_id},
            {"layers", record.layers},
            {"backend", record.backend},
            {"config", record.config},
            {"host_config", record.host_config},
            {"path", record.path},
            {"args", record.args},
            {"mounts", record.mounts},
            {"inherited", record.inherited},
            {"mount_plan", record.mount_plan},
            {"user_namespace", record.user_namespace},
            {"state", to_string(record.state)},
            {"desired", record.desired == DesiredState::kRunning ? "running" : "stopped"},
            {"started_before", record.started_before},
            {"manually_stopped", record.manually_stopped},
            {"pid", record.pid},
            {"exit_code", record.exit_code},
            {"oom_killed", record.oom_killed},
            {"error", record.error},
            {"started_at", record.started_at},
            {"finished_at", record.finished_at},
            {"exit_noted", record.exit_noted},
            {"restart_count", record.restart_count},
            {"restart_at", record.restart_at},
            {"health", record.health ? health_to_json(*record.health) : json()},
            {"on_unhealthy", record.on_unhealthy},
            {"phase", record.phase},
            {"phase_since", record.phase_since},
            {"last_start", record.last_start ? start_to_json(*record.last_start) : json()},
            {"endpoints", endpoints_to_json(record.endpoints)},
            {"sandbox_key", record.sandbox_key},
            {"links", links_to_json(record.links)},
            {"data_dir", record.data_dir},
            {"log_path", record.log_path},
            {"hostname_path", record.hostname_path},
            {"hosts_path", record.hosts_path},
            {"resolv_conf_path", record.resolv_conf_path}};
}

Result<ContainerRecord> record_from_json(const json& document) {
    if (!document.is_object()) return Error(ErrorCode::kDataLoss, "container record: not an object");
    ContainerRecord record;
    Reader in(document);
    read_identity(in, record);
    read_state(in, record);
    if (!record.mounts.is_array()) record.mounts = json::array();
    if (const auto found = document.find("health"); found != document.end()) read_health(*found, record.health);
    if (const auto found = document.find("last_start"); found != document.end()) {
        read_start(*found, record.last_start);
    }
    if (const auto found = document.find("endpoints"); found != document.end()) {
        read_endpoints(*found, record.endpoints);
    }
    if (const auto found = document.find("links"); found != document.end()) read_links(*found, record.links);
    if (!in.problem().empty()) return Error(ErrorCode::kDataLoss, "container record: " + in.problem());
    if (!record.config.is_object()) return Error(ErrorCode::kDataLoss, "container record: key 'config' is no object");
    if (!record.host_config.is_object()) {
        return Error(ErrorCode::kDataLoss, "container record: key 'host_config' is no object");
    }
    return record;
}

}  // namespace slipway::core
