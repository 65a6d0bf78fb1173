#include "exchange.hpp"

#include "http/json_keys.hpp"

namespace slipway::api {
namespace {

bool is_json_type(std::string_view value) {
    const std::string_view type = value.substr(0, value.find(';'));
    const size_t end = type.find_last_not_of(" \t");
    return equals_ignoring_case(type.substr(0, end == std::string_view::npos ? 0 : end + 1), "application/json");
}

}  // namespace

Result<std::optional<nlohmann::json>> read_json(Exchange& exchange) {
    const Request& request = exchange.request;
    if (request.body_kind == BodyKind::kNone) return std::optional<nlohmann::json>();
    const std::string* type = request.header("content-type");
    if (type == nullptr || !is_json_type(*type)) {
        return Error(ErrorCode::kInvalidArgument,
                     "unsupported Content-Type header (" + (type ? *type : "") + "): must be 'application/json'");
    }
    Result<std::string> text = exchange.body.read_all(exchange.server.options.max_json_bytes);
    if (!text) return std::move(text).error();
    if (text->empty()) {
        return Error(ErrorCode::kInvalidArgument, "invalid JSON: got EOF while reading request body");
    }
    Result<nlohmann::json> document = parse_json(*text);
    if (!document) return std::move(document).error();
    if (Status unique = refuse_repeated_keys(*text); !unique) return std::move(unique).error();
    return std::optional<nlohmann::json>(std::move(*document));
}

}  // namespace slipway::api
