// core/src/names/identity.hpp - ids, and the names made up for containers that were given none.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string>
#include <string_view>

namespace slipway::core {

// 64 lower-case hex digits from the system's random source. Never all decimal digits in its first 12 places, so that a
// short id used as a host name cannot be read as a number.
std::string generate_id();

// True for exactly 64 lower-case hex digits.
bool is_full_id(std::string_view text);

// The first 12 digits, as people see it.
std::string short_id(std::string_view id);

// "adjective_noun", always the same one for an id; `attempt` > 0 appends a number for when the name is taken.
std::string made_up_name(std::string_view id, unsigned attempt = 0);

// kInvalidArgument "Invalid container name (<name>), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed". One leading slash is
// allowed; the name without it is returned. At least two characters, as in Docker.
Result<std::string> check_container_name(std::string_view name);

}  // namespace slipway::core
