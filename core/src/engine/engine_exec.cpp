// Further processes in running containers.

#include "engine/engine_events.hpp"
#include "engine/engine_impl.hpp"
#include "names/identity.hpp"

#include <algorithm>
#include <slipway/core/exit_code.hpp>

namespace slipway::core {

namespace {

// "exec_start: sh -c date", as Docker writes it.
std::string action_text(const char* action, const ExecConfig& config) {
    std::string text = std::string(action) + ":";
    for (const std::string& word : config.command) text += " " + word;
    return text;
}

// `shown` is how the caller named the container.
Status check_executable(const ContainerRecord& record, const std::string& shown) {
    if (record.state == RunState::kPaused) {
        return Error(ErrorCode::kConflict, "container " + shown + " is paused, unpause the container before exec")
            .with_resource(record.id);
    }
    if (record.state == RunState::kRestarting) {
        return Error(ErrorCode::kConflict,
                     "Container " + record.id + " is restarting, wait until the container is running")
            .with_resource(record.id);
    }
    if (record.is_running()) return ok();
    return Error(ErrorCode::kConflict, "container " + record.id + " is not running").with_resource(record.id);
}

int32_t failed_exit_code(const Error& error) {
    return error.code() == ErrorCode::kExecNotFound || error.code() == ErrorCode::kMountType ? 127 : 126;
}

AttachParams client_of(const ExecConfig& config, const StartExec& request) {
    AttachParams client;
    client.stream = request.stream_handle;
    client.want_stdin = config.attach_stdin;
    client.want_stdout = config.attach_stdout;
    client.want_stderr = config.attach_stderr;
    client.multiplexed = !config.tty;
    client.early_input = request.early_input;
    if (config.tty) client.detach_keys = config.detach_keys;
    return client;
}

}  // namespace

nlohmann::json exec_process(const ContainerRecord& record, const ExecConfig& config) {
    nlohmann::json own = record.config;
    if (!config.user.empty()) own["User"] = config.user;
    if (!config.working_dir.empty()) own["WorkingDir"] = config.working_dir;
    own["Tty"] = config.tty;
    // Of the process alone: the container's mounts and devices stay as they are.
    nlohmann::json host_config = record.host_config;
    if (config.privileged) host_config["Privileged"] = true;
    std::vector<std::string> env;
    if (const auto given = record.config.find("Env"); given != record.config.end() && given->is_array()) {
        env = given->get<std::vector<std::string>>();
    }
    env.insert(env.end(), config.env.begin(), config.env.end());
    return {{"Id", record.id},
            {"Name", record.name},
            {"Hostname", record.config.value("Hostname", "")},
            {"Domainname", record.config.value("Domainname", "")},
            {"Config", std::move(own)},
            {"HostConfig", std::move(host_config)},
            {"Path", config.command.front()},
            {"Args", std::vector<std::string>(config.command.begin() + 1, config.command.end())},
            {"Env", std::move(env)}};
}

Result<std::string> EngineImpl::create_exec(const std::string& ref, const ExecConfig& config) {
    if (config.command.empty() || config.command.front().empty()) {
        return Error(ErrorCode::kInvalidArgument, "No exec command specified");
    }
    auto container = find(ref);
    if (!container) return std::move(container).error();
    const RecordPtr record = (*container)->record();
    if (Status possible = check_executable(*record, ref); !possible) return std::move(possible).error();
    if (!(*container)->backend->info().executes) {
        return Error(ErrorCode::kUnimplemented,
                     "backend '" + record->backend + "' does not support running further commands in a container");
    }
    ExecInfo exec;
    exec.id = generate_id();
    exec.container_id = record->id;
    exec.config = config;
    execs_.add(exec);
    announce(container_event(*record, action_text("exec_create", config), {{"execID", exec.id}}));
    return exec.id;
}

Status EngineImpl::start_exec(const std::string& id, const StartExec& request) {
    auto exec = execs_.find(id);
    if (!exec) return std::move(exec).error();
    auto found = find(exec->container_id);
    if (!found) return std::move(found).error();
    const ContainerPtr container = *found;
    // Asked before the lock as well, so that the answer does not wait for a long operation.
    if (Status possible = check_executable(*container->record(), container->id); !possible) return possible;
    auto hold = lock(container, container->id, "exec");
    if (!hold) return std::move(hold).error();
    const RecordPtr record = container->record();
    if (Status possible = check_executable(*record, record->id); !possible) return possible;
    const auto handle = container->handle();
    if (handle == nullptr) return Error(ErrorCode::kUnavailable, "backend '" + record->backend + "' is not loaded");
    if (Status claimed = execs_.claim(id); !claimed) return claimed;

    ExecConfig config = std::move(exec->config);
    if (request.rows != 0) config.rows = request.rows;
    if (request.cols != 0) config.cols = request.cols;
    if (request.accepted && !request.accepted()) {
        execs_.finish(id, 126, 0);
        return Error(ErrorCode::kCancelled, "the client has gone");
    }
    announce(container_event(*record, action_text("exec_start", config), {{"execID", id}}));

    ExecParams params;
    params.id = id;
    params.process = exec_process(*record, config);
    params.tty = config.tty;
    params.open_stdin = config.attach_stdin && !request.detach;
    params.tty_rows = config.rows;
    params.tty_cols = config.cols;
    if (!request.detach) params.client = client_of(config, request);
    const CallContext call = internal_call();
    const PhaseScope phase(container->phase, "exec", call.deadline);
    auto started = handle->exec_start(call, params);
    if (started) {
        execs_.set_pid(id, started->pid);
        return ok();
    }
    Error error = std::move(started).error();
    execs_.finish(id, failed_exit_code(error), 0);
    return std::move(error).context("OCI runtime exec failed: exec failed: unable to start container process");
}

Result<ExecInfo> EngineImpl::find_exec(const std::string& id) const {
    return execs_.find(id);
}

std::vector<std::string> EngineImpl::list_execs(const std::string& container_id) const {
    return execs_.of_container(container_id);
}

Status EngineImpl::resize_exec(const std::string& id, uint16_t rows, uint16_t cols) {
    const auto exec = execs_.find(id);
    if (!exec) return exec.error();
    auto container = find(exec->container_id);
    if (!container) return std::move(container).error();
    const auto handle = (*container)->handle();
    if (exec->state != ExecState::kRunning || handle == nullptr) {
        return Error(ErrorCode::kConflict, "exec " + id + " is not running").with_resource(id);
    }
    return handle->exec_resize(id, rows, cols);
}

void EngineImpl::handle_exec_exit(const ContainerPtr& container, const BackendEvent& event) {
    const std::string& id = event.text;
    if (health_.is_ours(id)) {
        if (const auto handle = container->handle()) finish_probe(*handle, event);
        return;
    }
    const auto exec = execs_.finish(id, event.exit_code, event.when);
    if (exec) {
        announce(container_event(*container->record(), "exec_die",
                                 {{"execID", id}, {"exitCode", std::to_string(shown_exit_code(event.exit_code))}}));
    }
    const auto handle = container->handle();
    if (handle == nullptr) return;
    if (Status released = handle->exec_release(internal_call(), id); !released) {
        log(LogLevel::kWarn, "exec " + id + ": " + released.error().message() + ", ignoring");
    }
}

void EngineImpl::announce(Event event) {
    const std::string action = event.action;
    auto told = bus_->append(std::move(event));
    if (!told) log(LogLevel::kError, "event " + action + ": " + told.error().message() + ", ignoring");
}

}  // namespace slipway::core
