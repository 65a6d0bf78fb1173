#include "http/json_body.hpp"

#include <sstream>

namespace slipway::api {
namespace {

Error bad(std::string text) {
    return Error(ErrorCode::kInvalidArgument, "invalid JSON: " + std::move(text));
}

// Checked on the text: the parser itself does not recurse, but copying, comparing and writing a deep value do.
bool is_too_deep(std::string_view text) {
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kMaxJsonDepth) return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return false;
}

// nlohmann's texts look like "[json.exception.parse_error.101] parse error at line 1, column 5: ..."; what is before
// the first "] " says nothing to a client.
std::string reason_of(const std::exception& failure) {
    const std::string text = failure.what();
    const size_t end = text.find("] ");
    return end == std::string::npos ? text : text.substr(end + 2);
}

template <class Parse>
Result<nlohmann::json> guarded_parse(std::string_view text, Parse&& parse) {
    if (is_too_deep(text)) return bad("nested more than " + std::to_string(kMaxJsonDepth) + " levels deep");
    try {
        return parse();
    } catch (const nlohmann::json::exception& failure) {
        return bad(reason_of(failure));
    }
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text) {
    return guarded_parse(text, [&]() { return nlohmann::json::parse(text); });
}

Result<nlohmann::json> parse_first_json(std::string_view text) {
    return guarded_parse(text, [&]() {
        std::istringstream stream{std::string(text)};
        nlohmann::json value;
        stream >> value;
        return value;
    });
}

std::string to_text(const nlohmann::json& document) {
    return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string to_ascii(const nlohmann::json& document) {
    return document.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace slipway::api
