// api/src/router.hpp - the route table and how a path is matched against it.
#pragma once

#include "exchange.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace slipway::api {

// One row. `pattern` is a path whose segments may be "{name}" (one segment) or "{name:.*}" (one or more, as short as
// the rest of the pattern allows). `absent` is a feature this version does not have: such a row has no handler and is
// answered with 501 and a sentence.
struct Route {
    std::string_view method;
    std::string_view pattern;
    Handler handler = nullptr;
    ApiVersion since{1, 0};
    std::string_view absent = {};
};

using PathParts = std::map<std::string, std::string, std::less<>>;

// Matches `path` and fills `parts`.
bool match_pattern(std::string_view pattern, std::string_view path, PathParts& parts);

// First row in order that fits; null when none does.
const Route* find_route(std::span<const Route> table, std::string_view method, std::string_view path,
                        ApiVersion version, PathParts& parts);

// The table of the API: routes.cpp.
std::span<const Route> all_routes();

}  // namespace slipway::api
