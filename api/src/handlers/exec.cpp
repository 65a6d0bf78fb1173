// POST /containers/{id}/exec and /exec/{id}/...: further processes in a running container.
#include "handlers/handlers.hpp"
#include "handlers/upgrade.hpp"
#include "http/detach_keys.hpp"

#include <array>
#include <limits>
#include <slipway/core/exit_code.hpp>

namespace slipway::api {
namespace {

using nlohmann::json;

// Members as Go's decoder reads them: null leaves the default, another type is an error that names the key.
Status read_flag(const json& body, const char* key, bool& out) {
    const auto value = body.find(key);
    if (value == body.end() || value->is_null()) return ok();
    if (!value->is_boolean()) return Error(ErrorCode::kInvalidArgument, std::string(key) + " is not a boolean");
    out = value->get<bool>();
    return ok();
}

Status read_text(const json& body, const char* key, std::string& out) {
    const auto value = body.find(key);
    if (value == body.end() || value->is_null()) return ok();
    if (!value->is_string()) return Error(ErrorCode::kInvalidArgument, std::string(key) + " is not a string");
    out = value->get<std::string>();
    return ok();
}

Status read_texts(const json& body, const char* key, std::vector<std::string>& out) {
    const auto value = body.find(key);
    if (value == body.end() || value->is_null()) return ok();
    const auto refuse = [&] {
        return Error(ErrorCode::kInvalidArgument, std::string(key) + " is not an array of strings");
    };
    if (!value->is_array()) return refuse();
    for (const json& item : *value) {
        if (!item.is_string()) return refuse();
        out.push_back(item.get<std::string>());
    }
    return ok();
}

// [height, width].
Status read_console_size(const json& body, uint16_t& rows, uint16_t& cols) {
    const auto value = body.find("ConsoleSize");
    if (value == body.end() || value->is_null()) return ok();
    const auto is_dimension = [](const json& number) {
        return number.is_number_unsigned() && number.get<uint64_t>() <= std::numeric_limits<uint16_t>::max();
    };
    if (!value->is_array() || value->size() != 2 || !is_dimension((*value)[0]) || !is_dimension((*value)[1])) {
        return Error(ErrorCode::kInvalidArgument, "ConsoleSize is not a pair of sizes in characters");
    }
    rows = (*value)[0].get<uint16_t>();
    cols = (*value)[1].get<uint16_t>();
    return ok();
}

Result<core::ExecConfig> read_config(const json& body) {
    core::ExecConfig config;
    std::string keys;
    for (Status read :
         {read_texts(body, "Cmd", config.command), read_texts(body, "Env", config.env),
          read_text(body, "User", config.user), read_text(body, "WorkingDir", config.working_dir),
          read_text(body, "DetachKeys", keys), read_flag(body, "Tty", config.tty),
          read_flag(body, "Privileged", config.privileged), read_flag(body, "AttachStdin", config.attach_stdin),
          read_flag(body, "AttachStdout", config.attach_stdout), read_flag(body, "AttachStderr", config.attach_stderr),
          read_console_size(body, config.rows, config.cols)}) {
        if (!read) return std::move(read).error();
    }
    Result<std::string> raw = parse_detach_keys(keys);
    if (!raw) return std::move(raw).error();
    config.detach_keys = std::move(*raw);
    return config;
}

Result<json> read_object(Exchange& exchange) {
    Result<std::optional<json>> body = read_json(exchange);
    if (!body) return std::move(body).error();
    if (!*body || (*body)->is_null()) return json(json::object());
    if (!(*body)->is_object()) return Error(ErrorCode::kInvalidArgument, "the request body is not a JSON object");
    return std::move(**body);
}

// Docker frames errors as stdout, unless there is a terminal.
std::string error_on_stream(const Error& error, bool tty) {
    const std::string text = error.message() + "\r\n";
    if (tty) return text;
    const auto size = static_cast<uint32_t>(text.size());
    const std::array<char, 8> header = {1,
                                        0,
                                        0,
                                        0,
                                        static_cast<char>(size >> 24),
                                        static_cast<char>(size >> 16),
                                        static_cast<char>(size >> 8),
                                        static_cast<char>(size)};
    return std::string(header.data(), header.size()) + text;
}

Result<uint16_t> dimension(const Query& query, std::string_view name) {
    Result<std::optional<int64_t>> value = query.integer(name);
    if (!value) return std::move(value).error();
    if (!*value || **value < 0 || **value > std::numeric_limits<uint16_t>::max()) {
        return Error(ErrorCode::kInvalidArgument, "invalid value for '" + std::string(name) + "': '" + query.get(name) +
                                                      "' is not a size in characters");
    }
    return static_cast<uint16_t>(**value);
}

}  // namespace

Status handle_exec_create(Exchange& exchange) {
    const Result<json> body = read_object(exchange);
    if (!body) return body.error();
    const Result<core::ExecConfig> config = read_config(*body);
    if (!config) return config.error();
    Result<std::string> id = exchange.engine().create_exec(exchange.part("name"), *config);
    if (!id) return std::move(id).error();
    exchange.reply_json(201, {{"Id", *id}});
    return ok();
}

Status handle_exec_start(Exchange& exchange) {
    const Result<json> body = read_object(exchange);
    if (!body) return body.error();
    core::StartExec request;
    if (Status read = read_flag(*body, "Detach", request.detach); !read) return read;
    if (Status read = read_console_size(*body, request.rows, request.cols); !read) return read;
    const std::string& id = exchange.part("id");
    const Result<core::ExecInfo> exec = exchange.engine().find_exec(id);
    if (!exec) return exec.error();
    if (request.detach) {
        if (Status started = exchange.engine().start_exec(id, request); !started) return started;
        exchange.response.send_empty(200);
        return ok();
    }

    const bool tty = exec->config.tty;
    bool head_sent = false;
    request.stream_handle = exchange.client.descriptor();
    // What the client sent right behind its request is input for the process.
    request.early_input = std::string(exchange.client.buffered());
    request.accepted = [&] {
        head_sent = true;
        return exchange.client.send(upgrade_head(exchange, tty));
    };
    Status started = exchange.engine().start_exec(id, request);
    if (!started && !head_sent) return started;
    exchange.client.consume(request.early_input.size());
    if (started) {
        exchange.response.hand_over();
        return ok();
    }
    // The client has its head and reads a stream: that is where it learns of it, and the exit code says the same.
    exchange.response.end_as_stream();
    exchange.client.send(error_on_stream(started.error(), tty));
    return ok();
}

Status handle_exec_inspect(Exchange& exchange) {
    const Result<core::ExecInfo> exec = exchange.engine().find_exec(exchange.part("id"));
    if (!exec) return exec.error();
    const core::ExecConfig& config = exec->config;
    json process = {{"tty", config.tty},
                    {"entrypoint", config.command.front()},
                    {"arguments", std::vector<std::string>(config.command.begin() + 1, config.command.end())},
                    {"privileged", config.privileged}};
    if (!config.user.empty()) process["user"] = config.user;
    json exit_code = nullptr;
    if (exec->state == core::ExecState::kExited) exit_code = core::shown_exit_code(exec->exit_code);
    exchange.reply_json(200, {{"ID", exec->id},
                              {"Running", exec->state == core::ExecState::kRunning},
                              {"ExitCode", exit_code},
                              {"ProcessConfig", std::move(process)},
                              {"OpenStdin", config.attach_stdin},
                              {"OpenStderr", config.attach_stderr},
                              {"OpenStdout", config.attach_stdout},
                              {"CanRemove", false},
                              {"ContainerID", exec->container_id},
                              {"DetachKeys", ""},
                              {"Pid", exec->pid}});
    return ok();
}

Status handle_exec_resize(Exchange& exchange) {
    const Result<uint16_t> rows = dimension(exchange.query, "h");
    if (!rows) return rows.error();
    const Result<uint16_t> columns = dimension(exchange.query, "w");
    if (!columns) return columns.error();
    if (Status resized = exchange.engine().resize_exec(exchange.part("id"), *rows, *columns); !resized) return resized;
    exchange.response.send_empty(200);
    return ok();
}

}  // namespace slipway::api
