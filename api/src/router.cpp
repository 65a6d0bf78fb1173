#include "router.hpp"

namespace slipway::api {
namespace {

std::string_view take_segment(std::string_view& rest) {
    const size_t slash = rest.find('/', 1);
    const std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash);
    return segment;  // with its leading '/'
}

// A "{name:.*}" segment: tries ever longer stretches, so that "/images/{name:.*}/json" finds the last "/json".
bool match_greedy(std::string_view name, std::string_view rest_of_pattern, std::string_view path, PathParts& parts) {
    for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const bool whole = end == std::string_view::npos;
        const std::string_view value = path.substr(1, whole ? std::string_view::npos : end - 1);
        // A name may begin with a slash: "/containers/%2Fweb/json".
        if (!value.empty() && match_pattern(rest_of_pattern, whole ? std::string_view() : path.substr(end), parts)) {
            parts[std::string(name)] = value;
            return true;
        }
        if (whole) return false;
    }
}

}  // namespace

bool match_pattern(std::string_view pattern, std::string_view path, PathParts& parts) {
    while (!pattern.empty()) {
        if (path.empty() || path.front() != '/') return false;
        const std::string_view expected = take_segment(pattern).substr(1);
        if (expected.starts_with('{') && expected.ends_with(":.*}")) {
            return match_greedy(expected.substr(1, expected.size() - 5), pattern, path, parts);
        }
        const std::string_view given = take_segment(path).substr(1);
        if (expected.starts_with('{')) {
            if (given.empty()) return false;
            parts[std::string(expected.substr(1, expected.size() - 2))] = given;
        } else if (given != expected) {
            return false;
        }
    }
    return path.empty();
}

const Route* find_route(std::span<const Route> table, std::string_view method, std::string_view path,
                        ApiVersion version, PathParts& parts) {
    for (const Route& route : table) {
        if (route.method != method || version < route.since) continue;
        parts.clear();
        if (match_pattern(route.pattern, path, parts)) return &route;
    }
    return nullptr;
}

}  // namespace slipway::api
