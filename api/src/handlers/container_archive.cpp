// Files of containers: archive, export and changes.
#include "handlers/handlers.hpp"
#include "http/base64.hpp"

namespace slipway::api {
namespace {

using nlohmann::json;

constexpr std::string_view kStatHeader = "X-Docker-Container-Path-Stat";
constexpr std::string_view kTar = "application/x-tar";

Result<std::string> path_of(const Exchange& exchange) {
    std::string path = exchange.query.get("path");
    if (path.empty()) return Error(ErrorCode::kInvalidArgument, "bad parameter: path cannot be empty");
    return path;
}

// Writes to the reply; the writer stops when nobody reads it any more.
core::ByteSink reply_sink(Exchange& exchange) {
    return [&exchange](const void* data, uint64_t size) {
        if (!exchange.response.is_begun()) exchange.response.begin_stream(200, kTar);
        return !exchange.is_over() &&
               exchange.response.write({static_cast<const char*>(data), static_cast<size_t>(size)});
    };
}

// What failed before the head is the reply; afterwards the missing end of the stream tells the client.
Status finish(Exchange& exchange, Status done) {
    if (!done && !exchange.response.is_begun()) return done;
    if (done && !exchange.response.is_begun()) exchange.response.begin_stream(200, kTar);
    if (done) exchange.response.end_stream();
    return ok();
}

}  // namespace

Status handle_archive_head(Exchange& exchange) {
    const Result<std::string> path = path_of(exchange);
    if (!path) return path.error();
    const Result<json> stat = exchange.engine().archive_stat(exchange.part("name"), *path);
    if (!stat) return stat.error();
    exchange.response.set(kStatHeader, to_base64(to_text(*stat)));
    exchange.response.send(200, "application/json", "");
    return ok();
}

Status handle_archive_get(Exchange& exchange) {
    const Result<std::string> path = path_of(exchange);
    if (!path) return path.error();
    const auto head = [&exchange](const json& stat) {
        exchange.response.set(kStatHeader, to_base64(to_text(stat)));
        exchange.response.begin_stream(200, kTar);
    };
    return finish(exchange, exchange.engine().archive_get(exchange.part("name"), *path, head, reply_sink(exchange)));
}

Status handle_archive_put(Exchange& exchange) {
    const Result<std::string> path = path_of(exchange);
    if (!path) return path.error();
    core::ArchivePutOptions options;
    options.keep_kinds = exchange.query.flag("noOverwriteDirNonDir");
    // Docker's default as well. Its copyUIDGID differs for containers with a Config.User alone: docs/api.md.
    options.keep_owners = true;
    const core::ByteSource body = [&exchange](void* buffer, uint64_t capacity) -> int64_t {
        return exchange.server.is_stopping() ? -1 : exchange.body.read(buffer, capacity);
    };
    if (Status put = exchange.engine().archive_put(exchange.part("name"), *path, options, body); !put) return put;
    exchange.response.send_empty(200);
    return ok();
}

Status handle_container_export(Exchange& exchange) {
    const core::ByteSink sink = [&exchange, plain = reply_sink(exchange)](const void* data, uint64_t size) {
        if (!exchange.response.is_begun()) exchange.response.begin_stream(200, "application/octet-stream");
        return plain(data, size);
    };
    return finish(exchange, exchange.engine().export_container(exchange.part("name"), sink));
}

Status handle_container_changes(Exchange& exchange) {
    const Result<json> changes = exchange.engine().container_changes(exchange.part("name"));
    if (!changes) return changes.error();
    // Go's nil slice: what clients of Docker get when nothing has changed.
    exchange.reply_json(200, changes->empty() ? json(nullptr) : *changes);
    return ok();
}

}  // namespace slipway::api
