// plugins/windows/src/sys/clock.hpp - the time of day.
#pragma once

#include <cstdint>
#include <string>

namespace slipway::windows_backend {

// Nanoseconds since the Unix epoch.
int64_t unix_now_ns();

// "2026-01-02T03:04:05.000000006Z".
std::string utc_text(int64_t unix_ns);

}  // namespace slipway::windows_backend
