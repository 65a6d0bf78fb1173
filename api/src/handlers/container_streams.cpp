#include "handlers/handlers.hpp"
#include "http/frames.hpp"

#include <charconv>
#include <slipway/core/exit_code.hpp>

namespace slipway::api {
namespace {

using nlohmann::json;

Result<core::WaitCondition> wait_condition(const Exchange& exchange) {
    const std::string& text = exchange.query.get("condition");
    if (text.empty() || text == "not-running" || !exchange.at_least(30)) return core::WaitCondition::kNotRunning;
    if (text == "next-exit") return core::WaitCondition::kNextExit;
    if (text == "removed") return core::WaitCondition::kRemoved;
    return Error(ErrorCode::kInvalidArgument, "invalid condition: \"" + text + "\"");
}

Result<core::LogOptions> log_options(const Query& query) {
    core::LogOptions options;
    options.want_stdout = query.flag("stdout");
    options.want_stderr = query.flag("stderr");
    if (!options.want_stdout && !options.want_stderr) {
        return Error(ErrorCode::kInvalidArgument, "Bad parameters: you must choose at least one stream");
    }
    options.follow = query.flag("follow");
    options.details = query.flag("details");
    // "all", nothing and nonsense mean all, as with Docker's json-file driver.
    const std::string& tail = query.get("tail");
    int64_t lines = 0;
    const auto [end, failure] = std::from_chars(tail.data(), tail.data() + tail.size(), lines);
    if (!tail.empty() && failure == std::errc() && end == tail.data() + tail.size()) options.tail = lines;
    for (const auto& [name, field] : {std::pair{"since", &options.since}, std::pair{"until", &options.until}}) {
        const std::string& text = query.get(name);
        if (text.empty() || text == "0") continue;
        Result<core::UnixNanos> when = core::parse_time(text);
        if (!when) return std::move(when).error();
        *field = *when;
    }
    return options;
}

// As Go's url.QueryEscape, which is what clients undo.
std::string escape(std::string_view text) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string escaped;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (alphanumeric || c == '-' || c == '_' || c == '.' || c == '~') {
            escaped += c;
        } else if (c == ' ') {
            escaped += '+';
        } else {
            escaped += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return escaped;
}

// "key=value,other=value " in front of the line; a space alone without any.
std::string details_of(const core::LogLine& line) {
    auto attributes = line.attributes;
    std::sort(attributes.begin(), attributes.end());
    std::string text;
    for (const auto& [key, value] : attributes) text += (text.empty() ? "" : ",") + escape(key) + "=" + escape(value);
    return text + " ";
}

bool has_tty(const core::ContainerRecord& record) {
    return record.config.value("Tty", false);
}

}  // namespace

Status handle_container_wait(Exchange& exchange) {
    Result<core::WaitCondition> condition = wait_condition(exchange);
    if (!condition) return std::move(condition).error();
    // From 1.30 on the head goes out once the wait is registered, so that clients can start the container knowing
    // that its exit will not be missed.
    const bool early_head = exchange.at_least(30);
    const auto registered = [&exchange, early_head]() {
        if (early_head) exchange.response.begin_stream(200, "application/json");
    };
    const auto cancelled = [&exchange]() { return exchange.is_over(); };
    const Result<core::WaitResult> result =
        exchange.engine().wait_container(exchange.part("name"), *condition, registered, cancelled);
    if (!result) {
        // A wait that was given up after its head: the missing end of the stream tells the client.
        return exchange.response.is_begun() ? Status(ok()) : Status(result.error());
    }
    json reply{{"StatusCode", core::shown_exit_code(result->exit_code)}};
    if (!result->error.empty()) reply["Error"] = {{"Message", result->error}};
    if (!exchange.response.is_begun()) {
        exchange.reply_json(200, reply);
        return ok();
    }
    exchange.response.write(to_text(reply) + "\n");
    exchange.response.end_stream();
    return ok();
}

Status handle_container_logs(Exchange& exchange) {
    Result<core::LogOptions> options = log_options(exchange.query);
    if (!options) return std::move(options).error();
    const Result<core::RecordPtr> record = exchange.engine().find_container(exchange.part("name"));
    if (!record) return record.error();
    const bool tty = has_tty(**record);
    const bool timestamps = exchange.query.flag("timestamps");
    const std::string_view type = !tty && exchange.at_least(42) ? "application/vnd.docker.multiplexed-stream"
                                                                : "application/vnd.docker.raw-stream";
    const auto begin = [&exchange, type]() {
        if (!exchange.response.is_begun()) exchange.response.begin_stream(200, type);
    };
    // A follower wants its head at once, not with the first line.
    if (options->follow && !(*record)->log_path.empty()) begin();

    const core::LogSink sink = [&](const core::LogLine& line) {
        begin();
        std::string text = timestamps ? core::to_rfc3339(line.when) + " " : "";
        if (options->details) text += details_of(line);
        text += line.text;
        if (tty) return exchange.response.write(text);
        return exchange.response.write(frame(line.stream == "stderr" ? StreamId::kStderr : StreamId::kStdout, text));
    };
    const Status read =
        exchange.engine().read_logs((*record)->id, *options, sink, [&exchange]() { return exchange.is_over(); });
    if (!read && !exchange.response.is_begun()) return read;
    begin();
    if (!read && read.error().code() != ErrorCode::kCancelled) {
        const std::string text = "Error grabbing logs: " + read.error().message() + "\n";
        exchange.response.write(tty ? text : frame(StreamId::kStderr, text));
    }
    exchange.response.end_stream();
    return ok();
}

}  // namespace slipway::api
