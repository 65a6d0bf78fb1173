#include <slipway/core/schema.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace slipway::core {

namespace {

using nlohmann::json;

Result<json> normalise_value(const Field& field, const json& input, const std::string& path);

std::string_view kind_of(const json& value) {
    switch (value.type()) {
        case json::value_t::null:
            return "null";
        case json::value_t::object:
            return "an object";
        case json::value_t::array:
            return "a list";
        case json::value_t::string:
            return "a string";
        case json::value_t::boolean:
            return "a boolean";
        case json::value_t::number_float:
            return "a fractional number";
        default:
            return "a number";
    }
}

Error wrong_type(const std::string& path, std::string_view expected, const json& got) {
    std::string message = path + ": expected ";
    message += expected;
    message += ", got ";
    message += kind_of(got);
    return Error(ErrorCode::kInvalidArgument, std::move(message)).with_resource(path);
}

std::string member(const std::string& path, std::string_view key) {
    constexpr size_t kLongest = 128;  // keys of maps are the user's and may be anything
    return path + "." + std::string(key.substr(0, kLongest));
}

std::string element(const std::string& path, size_t index) {
    return path + "[" + std::to_string(index) + "]";
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// The exact spelling wins over others, so that the answer does not depend on the order of keys.
const json* find_key(const json& object, std::string_view key) {
    if (const auto exact = object.find(key); exact != object.end()) return &*exact;
    for (auto entry = object.begin(); entry != object.end(); ++entry) {
        if (same_ignoring_case(entry.key(), key)) return &*entry;
    }
    return nullptr;
}

bool is_int64(const json& value) {
    if (!value.is_number_integer()) return false;
    return !value.is_number_unsigned() ||
           value.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
}

// null elements count as "", as in Docker's decoder.
Result<json> string_of(const json& value, const std::string& path) {
    if (value.is_string()) return value;
    if (value.is_null()) return json("");
    return wrong_type(path, "a string", value);
}

Result<json> list_of_strings(const json& input, const std::string& path) {
    if (!input.is_array()) return wrong_type(path, "a list of strings", input);
    json out = json::array();
    for (size_t i = 0; i < input.size(); ++i) {
        Result<json> text = string_of(input[i], element(path, i));
        if (!text) return text;
        out.push_back(std::move(*text));
    }
    return out;
}

Result<json> map_of_strings(const json& input, const std::string& path) {
    if (!input.is_object()) return wrong_type(path, "an object of strings", input);
    json out = json::object();
    for (const auto& [key, value] : input.items()) {
        Result<json> text = string_of(value, member(path, key));
        if (!text) return text;
        out[key] = std::move(*text);
    }
    return out;
}

Result<json> set_of_strings(const json& input, const std::string& path) {
    if (!input.is_object()) return wrong_type(path, "an object", input);
    json out = json::object();
    for (const auto& [key, value] : input.items()) {
        if (!value.is_object() && !value.is_null()) return wrong_type(member(path, key), "an empty object", value);
        out[key] = json::object();
    }
    return out;
}

Result<json> object_of(const Field& field, const json& input, const std::string& path) {
    if (field.nested.empty() && input.is_object()) return input;
    return normalise(field.nested, input, path);
}

Result<json> list_of_objects(const Field& field, const json& input, const std::string& path) {
    if (!input.is_array()) return wrong_type(path, "a list of objects", input);
    json out = json::array();
    for (size_t i = 0; i < input.size(); ++i) {
        Result<json> object = object_of(field, input[i], element(path, i));
        if (!object) return object;
        out.push_back(std::move(*object));
    }
    return out;
}

Result<json> map_of_objects(const Field& field, const json& input, const std::string& path) {
    if (!input.is_object()) return wrong_type(path, "an object", input);
    json out = json::object();
    for (const auto& [key, value] : input.items()) {
        Result<json> object = object_of(field, value, member(path, key));
        if (!object) return object;
        out[key] = std::move(*object);
    }
    return out;
}

const Field kBindingFields[] = {{"HostIp", FieldType::kString, ""}, {"HostPort", FieldType::kString, ""}};

Result<json> port_map(const json& input, const std::string& path) {
    static const Field binding{"", FieldType::kObjectList, json::array(), kBindingFields};
    if (!input.is_object()) return wrong_type(path, "an object of lists", input);
    json out = json::object();
    for (const auto& [key, value] : input.items()) {
        Result<json> bindings = normalise_value(binding, value, member(path, key));
        if (!bindings) return bindings;
        out[key] = std::move(*bindings);
    }
    return out;
}

Result<json> pair_of_ints(const json& input, const std::string& path) {
    if (!input.is_array() || input.size() != 2) return wrong_type(path, "a list of two integers", input);
    for (size_t i = 0; i < 2; ++i) {
        if (!is_int64(input[i])) return wrong_type(element(path, i), "an integer", input[i]);
    }
    return input;
}

Result<json> normalise_value(const Field& field, const json& input, const std::string& path) {
    if (input.is_null()) {
        // An object that is always there gets the defaults of its keys.
        if (field.type == FieldType::kObject && field.default_value.is_object() && !field.nested.empty()) {
            return normalise(field.nested, input, path);
        }
        return field.default_value;
    }
    switch (field.type) {
        case FieldType::kBool:
        case FieldType::kNullableBool:
            return input.is_boolean() ? Result<json>(input) : wrong_type(path, "a boolean", input);
        case FieldType::kInt:
        case FieldType::kNullableInt:
            return is_int64(input) ? Result<json>(input) : wrong_type(path, "an integer", input);
        case FieldType::kString:
            return input.is_string() ? Result<json>(input) : wrong_type(path, "a string", input);
        case FieldType::kStringList:
            return list_of_strings(input, path);
        case FieldType::kStringMap:
            return map_of_strings(input, path);
        case FieldType::kStringSet:
            return set_of_strings(input, path);
        case FieldType::kObject:
            return object_of(field, input, path);
        case FieldType::kObjectList:
            return list_of_objects(field, input, path);
        case FieldType::kObjectMap:
            return map_of_objects(field, input, path);
        case FieldType::kPortMap:
            return port_map(input, path);
        case FieldType::kIntPair:
            return pair_of_ints(input, path);
        case FieldType::kCommand:
            return input.is_string() ? Result<json>(json::array({input})) : list_of_strings(input, path);
        case FieldType::kAny:
            break;
    }
    return input;
}

}  // namespace

Result<json> normalise(std::span<const Field> schema, const json& input, std::string_view path) {
    const std::string here(path);
    if (!input.is_object() && !input.is_null()) return wrong_type(here, "an object", input);
    json out = json::object();
    static const json nothing;
    for (const Field& field : schema) {
        const json* given = input.is_object() ? find_key(input, field.key) : nullptr;
        Result<json> value = normalise_value(field, given != nullptr ? *given : nothing, member(here, field.key));
        if (!value) return value;
        out[std::string(field.key)] = std::move(*value);
    }
    return out;
}

}  // namespace slipway::core
