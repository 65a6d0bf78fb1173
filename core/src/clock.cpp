#include <slipway/core/clock.hpp>

namespace slipway::core {

UnixNanos unix_now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

MonotonicNanos monotonic_now() {
    return static_cast<MonotonicNanos>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
}

}  // namespace slipway::core
