#include "handlers/handlers.hpp"

namespace slipway::api {
namespace {

using nlohmann::json;

// Takes a key out of `object` whatever its case, as Docker's decoder matches it. null when absent.
json take_key(json& object, std::string_view name) {
    for (auto it = object.begin(); it != object.end(); ++it) {
        if (!equals_ignoring_case(it.key(), name)) continue;
        json value = std::move(it.value());
        object.erase(it);
        return value;
    }
    return nullptr;
}

Result<json> take_object(json& body, std::string_view name) {
    json value = take_key(body, name);
    if (value.is_null() || value.is_object()) return value;
    return Error(ErrorCode::kInvalidArgument,
                 std::string(name) + ": expected an object, got a value of type " + value.type_name());
}

}  // namespace

Status handle_container_create(Exchange& exchange) {
    if (exchange.request.body_kind == BodyKind::kNone) {
        return Error(ErrorCode::kInvalidArgument, "invalid JSON: got EOF while reading request body");
    }
    Result<std::optional<json>> body = read_json(exchange);
    if (!body) return std::move(body).error();
    json& document = **body;
    if (document.is_null()) {
        return Error(ErrorCode::kInvalidArgument, "config cannot be empty in order to create a container");
    }
    if (!document.is_object()) {
        return Error(ErrorCode::kInvalidArgument,
                     std::string("invalid JSON: expected an object, got a value of type ") + document.type_name());
    }

    core::CreateContainer create;
    Result<json> host_config = take_object(document, "HostConfig");
    if (!host_config) return std::move(host_config).error();
    Result<json> networking = take_object(document, "NetworkingConfig");
    if (!networking) return std::move(networking).error();
    create.host_config = std::move(*host_config);
    create.networking_config = std::move(*networking);
    create.config = std::move(document);
    create.name = exchange.query.get("name");
    if (create.name.starts_with('/')) create.name.erase(0, 1);
    create.platform = exchange.query.get("platform");

    Result<core::CreatedContainer> created = exchange.engine().create_container(create);
    if (!created) return std::move(created).error();
    exchange.reply_json(201, {{"Id", created->id}, {"Warnings", created->warnings}});
    return ok();
}

}  // namespace slipway::api
