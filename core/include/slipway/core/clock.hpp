// core/include/slipway/core/clock.hpp - the two clocks the engine uses.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <slipway/cpp/error.hpp>

namespace slipway::core {

// Nanoseconds since the Unix epoch, UTC. 0 stands for "never" and renders as 0001-01-01T00:00:00Z, as Docker does.
using UnixNanos = int64_t;

// Nanoseconds on a clock that never jumps, the clock of slw_call.deadline_ns.
using MonotonicNanos = uint64_t;

UnixNanos unix_now();
MonotonicNanos monotonic_now();

// "2026-11-24T05:33:05.123456789Z", always nine digits.
std::string to_rfc3339(UnixNanos when);

// Accepts RFC 3339 with any number of fraction digits and any offset, and Unix seconds "1700000000[.fraction]".
// kInvalidArgument names the text.
Result<UnixNanos> parse_time(std::string_view text);

}  // namespace slipway::core
