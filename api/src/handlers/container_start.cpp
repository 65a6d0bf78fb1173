#include "handlers/handlers.hpp"

#include <algorithm>
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

// A body that only describes the container, or nothing, asks for no host configuration.
bool asks_for_host_config(const json& body) {
    if (!body.is_object()) return false;
    static constexpr std::string_view kConfigKeys[] = {"hostname",        "domainname",   "user",         "attachstdin",
                                                       "attachstdout",    "attachstderr", "exposedports", "tty",
                                                       "openstdin",       "stdinonce",    "env",          "cmd",
                                                       "image",           "volumes",      "workingdir",   "entrypoint",
                                                       "networkdisabled", "macaddress",   "onbuild",      "labels",
                                                       "stopsignal",      "stoptimeout",  "shell",        "healthcheck",
                                                       "argsescaped"};
    for (const auto& [key, value] : body.items()) {
        const std::string lower = to_lower(key);
        if (lower == "hostconfig" && value.is_null()) continue;
        if (std::find(std::begin(kConfigKeys), std::end(kConfigKeys), lower) == std::end(kConfigKeys)) return true;
    }
    return false;
}

Status check_legacy_body(Exchange& exchange) {
    const Request& request = exchange.request;
    if (request.body_kind == BodyKind::kNone) return ok();
    if (request.body_kind == BodyKind::kFixed && request.content_length <= 7) return ok();
    const std::string* type = request.header("content-type");
    const std::string media = type ? type->substr(0, type->find(';')) : "";
    if (!equals_ignoring_case(media, "application/json")) {
        return Error(ErrorCode::kInvalidArgument,
                     "Content-Type specified (" + (type ? *type : "") + ") must be 'application/json'");
    }
    Result<std::string> text = exchange.body.read_all(exchange.server.options.max_json_bytes);
    if (!text) return std::move(text).error();
    if (text->empty()) return Error(ErrorCode::kInvalidArgument, "EOF");
    Result<json> body = parse_first_json(*text);
    if (!body) return std::move(body).error();
    if (asks_for_host_config(*body)) {
        return Error(ErrorCode::kUnimplemented,
                     "supplying a host configuration at start is not implemented in this version of Slipway; supply it "
                     "when the container is created");
    }
    return ok();
}

// The checks before a start with the texts and statuses of the old engine.
Status check_legacy_state(Exchange& exchange) {
    const Result<core::RecordPtr> record = exchange.engine().find_container(exchange.part("name"));
    if (!record) {
        Error error = record.error();
        if (error.code() == ErrorCode::kInvalidArgument) error = std::move(error).with_code(ErrorCode::kSystem);
        return error;
    }
    switch ((*record)->state) {
        case core::RunState::kPaused:
            return Error(ErrorCode::kSystem, "Cannot start a paused container, try unpause instead.");
        case core::RunState::kRemoving:
        case core::RunState::kDead:
            return Error(ErrorCode::kSystem, "Container is marked for removal and cannot be started.");
        default:
            return ok();
    }
}

// Old clients derive the exit codes 127 and 126 from these sentences, with their full stop.
Error legacy_launch_error(Exchange& exchange, Error error) {
    const Result<core::RecordPtr> record = exchange.engine().find_container(exchange.part("name"));
    const std::string command = record ? (*record)->path : "";
    if (error.code() == ErrorCode::kExecNotFound || error.code() == ErrorCode::kMountType) {
        return Error(ErrorCode::kNotFound, "Container command '" + command + "' not found or does not exist.");
    }
    if (error.code() == ErrorCode::kExecDenied) {
        return Error(ErrorCode::kSystem, "Container command '" + command + "' could not be invoked.");
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

Status check_request(Exchange& exchange) {
    if (exchange.profile == Profile::kLegacy) {
        if (Status body = check_legacy_body(exchange); !body) return body;
        return check_legacy_state(exchange);
    }
    if (Status body = check_modern_body(exchange.request); !body) return body;
    return check_checkpoint(exchange);
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
    if (Status checked = check_request(exchange); !checked) return checked;
    Result<core::StartOutcome> outcome = exchange.engine().start_container(exchange.part("name"));
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
