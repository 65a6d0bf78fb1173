// plugins/linux/src/spec/cpu_list.hpp - lists of processors and memory nodes: "0-3,8".
#pragma once

#include <slipway/cpp/error.hpp>

#include <set>
#include <string>

namespace slipway::linux_backend {

// The numbers of a list; empty text is an empty set. kInvalidArgument: "invalid format: x", or a number above 8191.
Result<std::set<unsigned>> parse_cpu_list(const std::string& text);

}  // namespace slipway::linux_backend
