#include "http/query.hpp"

#include "http/json_body.hpp"
#include "http/request.hpp"

#include <algorithm>
#include <charconv>

namespace slipway::api {
namespace {

constexpr size_t kMaxParameters = 1000;

Error bad(std::string text) {
    return Error(ErrorCode::kInvalidArgument, std::move(text));
}

Status add_values(core::Filters& out, const std::string& key, const nlohmann::json& values) {
    std::set<std::string>& set = out[key];
    if (values.is_array()) {
        for (const nlohmann::json& value : values) {
            if (!value.is_string()) return bad("invalid filter");
            set.insert(value.get<std::string>());
        }
        return ok();
    }
    if (!values.is_object()) return bad("invalid filter");
    for (const auto& [value, enabled] : values.items()) {
        if (!enabled.is_boolean()) return bad("invalid filter");
        if (enabled.get<bool>()) set.insert(value);
    }
    return ok();
}

}  // namespace

Result<Query> Query::parse(std::string_view raw) {
    Query query;
    while (!raw.empty()) {
        const size_t end = raw.find('&');
        const std::string_view pair = raw.substr(0, end);
        raw.remove_prefix(end == std::string_view::npos ? raw.size() : end + 1);
        if (pair.empty()) continue;
        const size_t equals = pair.find('=');
        std::optional<std::string> name = percent_decode(pair.substr(0, equals), true);
        std::optional<std::string> value =
            equals == std::string_view::npos ? std::string() : percent_decode(pair.substr(equals + 1), true);
        if (!name || !value) return bad("invalid URL escape in the query");
        if (query.values_.size() == kMaxParameters) return bad("too many query parameters");
        query.values_.emplace_back(std::move(*name), std::move(*value));
    }
    return query;
}

const std::string& Query::get(std::string_view name) const {
    static const std::string kEmpty;
    for (const auto& [key, value] : values_) {
        if (key == name) return value;
    }
    return kEmpty;
}

bool Query::has(std::string_view name) const {
    return std::any_of(values_.begin(), values_.end(), [&](const auto& pair) { return pair.first == name; });
}

std::vector<std::string> Query::all(std::string_view name) const {
    std::vector<std::string> out;
    for (const auto& [key, value] : values_) {
        if (key == name) out.push_back(value);
    }
    return out;
}

bool Query::flag(std::string_view name, bool when_absent) const {
    if (!has(name)) return when_absent;
    const std::string value = to_lower(get(name));
    return !(value.empty() || value == "0" || value == "no" || value == "false" || value == "none");
}

Result<std::optional<int64_t>> Query::integer(std::string_view name) const {
    const std::string& text = get(name);
    if (text.empty()) return std::optional<int64_t>();
    int64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size()) {
        return bad("invalid value for '" + std::string(name) + "': '" + text + "' is not a number");
    }
    return std::optional<int64_t>(value);
}

Result<core::Filters> Query::filters(std::initializer_list<std::string_view> allowed) const {
    core::Filters out;
    const std::string& text = get("filters");
    if (text.empty()) return out;
    Result<nlohmann::json> parsed = parse_json(text);
    if (!parsed || !(parsed->is_object() || parsed->is_null())) return bad("invalid filter");
    for (const auto& [key, values] : parsed->items()) {
        if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
            return bad("invalid filter '" + key + "'");
        }
        if (Status added = add_values(out, key, values); !added) return std::move(added).error();
    }
    return out;
}

}  // namespace slipway::api
