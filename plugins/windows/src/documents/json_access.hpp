// plugins/windows/src/documents/json_access.hpp - reads JSON where absent, null and default are the same: Docker's
// configurations, and the answers of HCS, which leave out what is false, zero or empty.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace slipway::windows_backend {

// The member, or a null value. Never throws, whatever `object` is.
inline const nlohmann::json& member_of(const nlohmann::json& object, const char* key) {
    static const nlohmann::json kNull;
    if (!object.is_object()) return kNull;
    const auto found = object.find(key);
    return found == object.end() ? kNull : *found;
}

// 0 when absent. Numbers beyond int64 are cut to its limits, so that a range check sees them as they are.
inline int64_t read_int(const nlohmann::json& object, const char* key) {
    const nlohmann::json& value = member_of(object, key);
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    if (value.is_number_unsigned()) {
        const auto number = value.get<uint64_t>();
        return number > static_cast<uint64_t>(kMax) ? kMax : static_cast<int64_t>(number);
    }
    if (value.is_number_integer()) return value.get<int64_t>();
    if (value.is_number_float()) return value.get<double>() < 0 ? std::numeric_limits<int64_t>::min() : kMax;
    return 0;
}

inline bool read_flag(const nlohmann::json& object, const char* key) {
    const nlohmann::json& value = member_of(object, key);
    return value.is_boolean() && value.get<bool>();
}

inline std::string read_text(const nlohmann::json& object, const char* key) {
    const nlohmann::json& value = member_of(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

// The strings of an array; anything else in it is left out.
inline std::vector<std::string> read_texts(const nlohmann::json& object, const char* key) {
    std::vector<std::string> texts;
    const nlohmann::json& value = member_of(object, key);
    if (!value.is_array()) return texts;
    for (const nlohmann::json& item : value) {
        if (item.is_string()) texts.push_back(item.get<std::string>());
    }
    return texts;
}

inline bool has_items(const nlohmann::json& object, const char* key) {
    const nlohmann::json& value = member_of(object, key);
    return (value.is_array() || value.is_object()) && !value.empty();
}

}  // namespace slipway::windows_backend
