#include "handlers/handlers.hpp"

namespace slipway::api {

Status handle_container_update(Exchange& exchange) {
    Result<std::optional<nlohmann::json>> body = read_json(exchange);
    if (!body) return std::move(body).error();
    if (!*body || !(*body)->is_object()) {
        return Error(ErrorCode::kInvalidArgument, "the body must be a JSON object with the limits to change");
    }
    Result<std::vector<std::string>> warnings = exchange.engine().update_container(exchange.part("name"), **body);
    if (!warnings) return std::move(warnings).error();
    exchange.reply_json(200, {{"Warnings", *warnings}});
    return ok();
}

}  // namespace slipway::api
