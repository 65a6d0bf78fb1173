#include "handlers/handlers.hpp"

#include <limits>

namespace slipway::api {
namespace {

struct StopRequest {
    std::optional<std::string> signal;
    std::optional<std::chrono::seconds> timeout;
};

Result<StopRequest> stop_request(const Query& query) {
    StopRequest out;
    Result<std::optional<int64_t>> seconds = query.integer("t");
    if (!seconds) return std::move(seconds).error();
    if (*seconds) {
        if (**seconds > std::numeric_limits<int32_t>::max()) {
            return Error(ErrorCode::kInvalidArgument, "invalid value for 't': out of range");
        }
        out.timeout = std::chrono::seconds(**seconds < 0 ? -1 : **seconds);
    }
    if (const std::string& signal = query.get("signal"); !signal.empty()) out.signal = signal;
    return out;
}

Status reply_no_content(Exchange& exchange, Status status) {
    if (!status) return status;
    exchange.response.send_empty(204);
    return ok();
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

Status handle_container_stop(Exchange& exchange) {
    Result<StopRequest> request = stop_request(exchange.query);
    if (!request) return std::move(request).error();
    return reply_no_content(exchange,
                            exchange.engine().stop_container(exchange.part("name"), request->signal, request->timeout));
}

Status handle_container_restart(Exchange& exchange) {
    Result<StopRequest> request = stop_request(exchange.query);
    if (!request) return std::move(request).error();
    return reply_no_content(
        exchange, exchange.engine().restart_container(exchange.part("name"), request->signal, request->timeout));
}

Status handle_container_kill(Exchange& exchange) {
    const std::string& given = exchange.query.get("signal");
    return reply_no_content(exchange,
                            exchange.engine().kill_container(exchange.part("name"), given.empty() ? "KILL" : given));
}

Status handle_container_pause(Exchange& exchange) {
    return reply_no_content(exchange, exchange.engine().pause_container(exchange.part("name")));
}

Status handle_container_unpause(Exchange& exchange) {
    return reply_no_content(exchange, exchange.engine().unpause_container(exchange.part("name")));
}

Status handle_container_rename(Exchange& exchange) {
    return reply_no_content(exchange,
                            exchange.engine().rename_container(exchange.part("name"), exchange.query.get("name")));
}

Status handle_container_resize(Exchange& exchange) {
    const Result<uint16_t> rows = dimension(exchange.query, "h");
    if (!rows) return rows.error();
    const Result<uint16_t> columns = dimension(exchange.query, "w");
    if (!columns) return columns.error();
    if (Status resized = exchange.engine().resize_container(exchange.part("name"), *rows, *columns); !resized) {
        return resized;
    }
    exchange.response.send_empty(200);
    return ok();
}

Status handle_container_remove(Exchange& exchange) {
    core::RemoveOptions options;
    options.force = exchange.query.flag("force");
    options.volumes = exchange.query.flag("v");
    options.link = exchange.query.flag("link");
    return reply_no_content(exchange, exchange.engine().remove_container(exchange.part("name"), options));
}

Status handle_container_prune(Exchange& exchange) {
    Result<core::Filters> filters = exchange.query.filters({"label", "label!", "until"});
    if (!filters) return std::move(filters).error();
    Result<core::PruneReport> report = exchange.engine().prune_containers(*filters);
    if (!report) return std::move(report).error();
    nlohmann::json deleted = nullptr;
    if (!report->deleted.empty()) deleted = report->deleted;
    exchange.reply_json(200, {{"ContainersDeleted", deleted}, {"SpaceReclaimed", report->reclaimed_bytes}});
    return ok();
}

}  // namespace slipway::api
