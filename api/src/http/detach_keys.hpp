// api/src/http/detach_keys.hpp - "ctrl-p,ctrl-q" as the bytes a terminal sends.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string>
#include <string_view>

namespace slipway::api {

inline constexpr std::string_view kDefaultDetachKeys = "\x10\x11";  // ctrl-p,ctrl-q

// A comma-separated list of single characters and "ctrl-X" with X of a-z, '@', '[', '\', ']', '^', '_' (DEL as
// "DEL"). Empty gives the default. kInvalidArgument "Unknown character: '<x>'", as Docker words it.
Result<std::string> parse_detach_keys(std::string_view text);

}  // namespace slipway::api
