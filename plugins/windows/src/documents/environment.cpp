#include <documents/environment.hpp>

#include <algorithm>
#include <string_view>

namespace slipway::windows_backend {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

nlohmann::json environment_object(const std::vector<std::string>& entries) {
    nlohmann::json object = nlohmann::json::object();
    for (const std::string& entry : entries) {
        const size_t equals = entry.find('=');
        if (equals == std::string::npos || equals == 0) continue;
        const std::string name = entry.substr(0, equals);
        for (auto at = object.begin(); at != object.end(); ++at) {
            if (!equal_ignoring_case(at.key(), name)) continue;
            object.erase(at);
            break;
        }
        object[name] = entry.substr(equals + 1);
    }
    return object;
}

}  // namespace slipway::windows_backend
