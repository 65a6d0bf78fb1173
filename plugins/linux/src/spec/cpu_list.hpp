// plugins/linux/src/spec/cpu_list.hpp - lists of processors and memory nodes: "0-3,8".
#pragma once

#include <slipway/cpp/error.hpp>

#include <cstddef>
#include <set>
#include <string>

namespace slipway::linux_backend {

// Bytes of the longest list that is read: every number there can be, each by itself.
inline constexpr size_t kLongestCpuList = size_t{8192} * 6;

// The numbers of a list; empty text is an empty set. The work is bounded however the text repeats itself.
//   kInvalidArgument  "invalid format: x", a number above 8191, or more than kLongestCpuList bytes, which are not
//   repeated
Result<std::set<unsigned>> parse_cpu_list(const std::string& text);

}  // namespace slipway::linux_backend
