#include "handlers/handlers.hpp"
#include "handlers/start_host_config.hpp"

#include <cstdio>

namespace slipway::api {
namespace {

using nlohmann::json;

// "verify;dur=0.012, mount_root;dur=0.9, total;dur=3.1", in milliseconds.
std::string server_timing(const core::StartReport& report) {
    const auto entry = [](const std::string& name, int64_t nanos) {
        char text[96];
        std::snprintf(text, sizeof(text), "%.48s;dur=%.3f", name.c_str(), static_cast<double>(nanos) / 1e6);
        return std::string(text);
    };
    std::string out;
    for (const core::PhaseReport& phase : report.phases) out += entry(phase.name, phase.duration_ns) + ", ";
    return out + entry("total", report.total_ns);
}

// --- profile L: API below 1.24 (start-flow, profiles) -------------------------------------------------------------

Result<StartHostConfig> read_legacy_body(Exchange& exchange) {
    const Request& request = exchange.request;
    if (request.body_kind == BodyKind::kNone) return StartHostConfig{};
    if (request.body_kind == BodyKind::kFixed && request.content_length <= 7) return StartHostConfig{};
    const std::string* type = request.header("content-type");
    const std::string media = type ? type->substr(0, type->find(';')) : "";
    if (!equals_ignoring_case(media, "application/json")) {
        return Error(ErrorCode::kInvalidArgument,
                     "Content-Type specified (" + (type ? *type : "") + ") must be 'application/json'");
    }
    Result<std::string> text = exchange.body.read_all(exchange.server.options.max_json_bytes);
    if (!text) return std::move(text).error();
    return decode_start_host_config(*text);
}

bool accepts_start_host_config(const Exchange& exchange, const core::ContainerRecord& record) {
    for (const core::BackendStatus& backend : exchange.engine().backends()) {
        if (backend.info.name == record.backend) return backend.info.accepts_start_hostconfig;
    }
    return true;  // not loaded: the engine says so
}

// The checks before a start with the texts and statuses of the old engine, in its order. A container that runs is left
// to the engine's answer.
Status check_legacy_state(Exchange& exchange, StartHostConfig& host_config) {
    const Result<core::RecordPtr> found = exchange.engine().find_container(exchange.part("name"));
    if (!found) return found.error();
    const core::ContainerRecord& record = **found;
    switch (record.state) {
        case core::RunState::kPaused:
            return Error(ErrorCode::kSystem, "Cannot start a paused container, try unpause instead.");
        case core::RunState::kRemoving:
        case core::RunState::kDead:
            return Error(ErrorCode::kSystem, "Container is marked for removal and cannot be started.");
        default:
            break;
    }
    if (host_config.value.is_null() || record.is_running() || accepts_start_host_config(exchange, record)) return ok();
    if (host_config.nested) return Error(ErrorCode::kInvalidArgument, std::string(core::kNoStartHostConfig));
    host_config.value = nullptr;  // such backends never looked for the flat form
    return ok();
}

// Old clients derive the exit codes 127 and 126 from these sentences, with their full stop. The old engine never
// rewrote the text about a file mounted onto a directory, whose hint is for the user.
Error legacy_launch_error(Exchange& exchange, Error error) {
    const Result<core::RecordPtr> record = exchange.engine().find_container(exchange.part("name"));
    const std::string command = record ? (*record)->path : "";
    if (error.code() == ErrorCode::kMountType) return std::move(error).with_code(ErrorCode::kSystem);
    if (error.code() == ErrorCode::kExecNotFound) {
        return Error(ErrorCode::kNotFound, "Container command '" + command + "' not found or does not exist.");
    }
    if (error.code() == ErrorCode::kExecDenied) {
        return Error(ErrorCode::kSystem, "Container command '" + command + "' could not be invoked.");
    }
    // A host configuration that did not pass verification.
    if (error.code() == ErrorCode::kInvalidArgument) return std::move(error).with_code(ErrorCode::kSystem);
    // Two requests at once: the state changed since it was looked at.
    if (error.code() == ErrorCode::kConflict) {
        StartHostConfig none;
        if (Status state = check_legacy_state(exchange, none); !state) return std::move(state).error();
    }
    return error;
}

// --- profile M ----------------------------------------------------------------------------------------------------

// A declared length of at most 7 is never looked at; an unknown length counts as a body even when it is empty.
Status check_modern_body(const Request& request) {
    if (request.body_kind == BodyKind::kChunked || request.content_length > 7) {
        return Error(ErrorCode::kInvalidArgument,
                     "starting container with non-empty request body was deprecated since API v1.22 and removed in "
                     "v1.24");
    }
    return ok();
}

Status check_checkpoint(Exchange& exchange) {
    if (!exchange.query.get("checkpoint").empty()) {
        return Error(ErrorCode::kInvalidArgument, "checkpoint is only supported in experimental mode");
    }
    if (exchange.query.get("checkpoint-dir").empty()) return ok();
    const Result<core::RecordPtr> record = exchange.engine().find_container(exchange.part("name"));
    if (!record) return record.error();
    if ((*record)->is_running()) return ok();  // the start itself says what is wrong
    return Error(ErrorCode::kPermissionDenied, "custom checkpointdir is not supported");
}

// What the engine is asked for once the request is in order.
Result<core::StartContainer> read_request(Exchange& exchange) {
    core::StartContainer start;
    if (exchange.profile == Profile::kLegacy) {
        Result<StartHostConfig> host_config = read_legacy_body(exchange);
        if (!host_config) return std::move(host_config).error();
        if (Status state = check_legacy_state(exchange, *host_config); !state) return std::move(state).error();
        start.host_config = std::move(host_config->value);
        return start;
    }
    if (Status body = check_modern_body(exchange.request); !body) return std::move(body).error();
    if (Status checkpoint = check_checkpoint(exchange); !checkpoint) return std::move(checkpoint).error();
    return start;
}

// Fields of the failure for tools; the message stays Docker's.
void add_failure_headers(Exchange& exchange, const Error& error) {
    json facts = json::parse(error_facts(error));
    const Result<core::RecordPtr> record = exchange.engine().find_container(exchange.part("name"));
    if (record && (*record)->last_start && !(*record)->last_start->succeeded) {
        const core::StartReport& report = *(*record)->last_start;
        exchange.response.set("Server-Timing", server_timing(report));
        if (report.error.is_object()) {
            for (const char* key : {"phase", "operation", "resource", "os", "hint"}) {
                if (report.error.contains(key)) facts[key] = report.error[key];
            }
        }
    }
    exchange.response.set("Slipway-Error", to_ascii(facts));
}

}  // namespace

Status handle_container_start(Exchange& exchange) {
    Result<core::StartContainer> request = read_request(exchange);
    if (!request) return std::move(request).error();
    Result<core::StartOutcome> outcome = exchange.engine().start_container(exchange.part("name"), *request);
    if (!outcome) {
        add_failure_headers(exchange, outcome.error());
        if (exchange.profile == Profile::kLegacy) {
            return legacy_launch_error(exchange, std::move(outcome).error());
        }
        return std::move(outcome).error();
    }
    if (outcome->already_running) {
        exchange.response.send_empty(304);
        return ok();
    }
    exchange.response.set("Server-Timing", server_timing(outcome->report));
    exchange.response.send_empty(204);
    return ok();
}

}  // namespace slipway::api
