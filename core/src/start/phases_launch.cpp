// The phases from the platform's launch document to the running process.

#include "engine/engine_events.hpp"
#include "health/health_check.hpp"
#include "model/inherited.hpp"
#include "model/links.hpp"
#include "model/log_attributes.hpp"
#include "model/log_config.hpp"
#include "start/phases.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

constexpr const char* kDefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string variable_name(const std::string& variable) {
    return variable.substr(0, variable.find('='));
}

// PATH, HOSTNAME and TERM first, then those of links, then Config.Env, which replaces them by name. An entry without
// "=" takes the variable out.
std::vector<std::string> environment(const StartContext& start) {
    const ContainerRecord& record = start.record;
    std::vector<std::string> variables = {kDefaultPath, "HOSTNAME=" + record.config.value("Hostname", "")};
    if (record.config.value("Tty", false)) variables.emplace_back("TERM=xterm");
    for (const LinkedPeer& link : start.links) {
        for (std::string& each : link_variables(*link.target, record.name, link.alias)) {
            variables.push_back(std::move(each));
        }
    }
    const auto given = record.config.find("Env");
    if (given == record.config.end() || !given->is_array()) return variables;
    for (const auto& entry : *given) {
        const std::string variable = entry.get<std::string>();
        const auto same = std::find_if(variables.begin(), variables.end(), [&](const std::string& known) {
            return variable_name(known) == variable_name(variable);
        });
        const bool removes = variable.find('=') == std::string::npos;
        if (same == variables.end()) {
            if (!removes) variables.push_back(variable);
        } else if (removes) {
            variables.erase(same);
        } else {
            *same = variable;
        }
    }
    return variables;
}

uint16_t console_size(const nlohmann::json& host_config, size_t index) {
    const auto size = host_config.find("ConsoleSize");
    if (size == host_config.end() || !size->is_array() || size->size() <= index) return 0;
    const auto& value = (*size)[index];
    return value.is_number_unsigned() && value.get<uint64_t>() <= UINT16_MAX ? value.get<uint16_t>() : uint16_t{0};
}

// "verify=12,prepare_files=85,...": microseconds, all phases before the one that writes this.
std::string phase_times(const StartReport& report) {
    std::string text;
    for (const PhaseReport& phase : report.phases) {
        text += (text.empty() ? "" : ",") + phase.name + "=" + std::to_string(phase.duration_ns / 1000);
    }
    return text;
}

}  // namespace

Status build_spec(StartContext& start, const CallContext& call) {
    const ContainerRecord& record = start.record;
    const nlohmann::json request = {{"Id", record.id},
                                    {"Name", record.name},
                                    {"Hostname", record.config.value("Hostname", "")},
                                    {"Domainname", record.config.value("Domainname", "")},
                                    {"Config", record.config},
                                    {"HostConfig", effective_host_config(record)},
                                    {"Path", record.path},
                                    {"Args", record.args},
                                    {"Env", environment(start)}};
    auto spec = start.handle.build_spec(call, request);
    if (!spec) return std::move(spec).error();
    start.spec = std::move(*spec);
    return ok();
}

Status create_process(StartContext& start, const CallContext& call) {
    const ContainerRecord& record = start.record;
    auto policy = log_policy(record.host_config);
    if (!policy) return std::move(policy).error();
    if (Status checked = start.services.check_log(record.host_config); !checked) return std::move(checked).error();
    if (Status packed = check_log_compression(record.host_config, start.backend.info()); !packed) return packed;
    CreateParams params;
    params.spec = std::move(start.spec);
    if (policy->enabled && !record.log_path.empty()) {
        auto attributes = record_attributes(record, start.backend.info());
        if (!attributes) return std::move(attributes).error();
        params.log = LogTarget{record.log_path, policy->max_bytes, policy->max_files, std::move(*attributes)};
    }
    params.tty = record.config.value("Tty", false);
    params.open_stdin = record.config.value("OpenStdin", false);
    params.stdin_once = record.config.value("StdinOnce", false);
    params.tty_rows = console_size(record.host_config, 0);
    params.tty_cols = console_size(record.host_config, 1);
    auto created = start.handle.create(call, params);
    if (!created) return std::move(created).error();
    start.record.pid = created->pid;
    return ok();
}

Status destroy_process(StartContext& start, const CallContext& call) {
    return start.handle.destroy(call);
}

Status attach_streams(StartContext& start, const CallContext& call) {
    for (PendingAttachment& pending : start.container.attachments.take_all()) {
        pending.params.stream = pending.stream.handle();
        Status attached = start.handle.attach(call, pending.params);
        if (!attached) {
            log_line(start.services.options, LogLevel::kWarn,
                     "start " + start.record.name +
                         ": a client could not be attached, ignoring: " + attached.error().message());
        }
    }
    return ok();
}

Status start_process(StartContext& start, const CallContext& call) {
    auto started = start.handle.start(call);
    if (!started) return std::move(started).error();
    if (started->pid != 0) start.record.pid = started->pid;
    start.record.started_at = started->started != 0 ? started->started : unix_now();
    return ok();
}

Status commit_start(StartContext& start, const CallContext&) {
    ContainerRecord& record = start.record;
    record.state = RunState::kRunning;
    record.desired = DesiredState::kRunning;
    record.started_before = true;
    record.restart_at = 0;
    if (!start.is_relaunch) {
        record.manually_stopped = false;
        record.restart_count = 0;
    }
    record.exit_code = 0;
    record.oom_killed = false;
    record.error.clear();
    record.health = initial_health(record.config);
    record.last_start = start.report;

    Batch batch;
    batch.put(record);
    for (Event& event : mount_events(record)) batch.append(std::move(event));
    for (const EndpointRecord& endpoint : record.endpoints) {
        batch.append(network_event(endpoint, start.network.driver, "connect", record.id));
    }
    batch.append(container_event(record, "start", {{"slipway.phases", phase_times(start.report)}}));

    // Published first: whoever hears of `start` finds the container running.
    const RecordPtr before = start.container.record();
    start.container.publish(record);
    auto committed = start.services.store.commit(std::move(batch), Durability::kNormal);
    if (committed) {
        start.services.tell_linking(record);
        return ok();
    }
    start.container.publish(*before);
    return std::move(committed).error();
}

}  // namespace slipway::core
