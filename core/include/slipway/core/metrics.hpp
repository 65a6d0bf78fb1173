// core/include/slipway/core/metrics.hpp - what the engine counts, for /metrics.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace slipway::core {

// Upper bounds in seconds, chosen around a start of 1 to 30 ms; one more bucket takes what is longer.
inline constexpr std::array<double, 16> kBucketBounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                      0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    30};

struct Histogram {
    std::array<uint64_t, kBucketBounds.size() + 1> counts{};  // by bucket, not cumulative
    uint64_t count = 0;
    double sum_seconds = 0;
    void add(double seconds);
};

// A consistent copy. Counters begin at 0 with the daemon.
struct EngineMetrics {
    Histogram start;                                // whole starts, failed ones included
    std::map<std::string, Histogram> phases;        // by phase, as far as a start came
    uint64_t starts_succeeded = 0;                  // by hand and by restart policy
    std::map<std::string, uint64_t> starts_failed;  // by the phase that failed
    uint64_t relaunches = 0;                        // starts by restart policy, also failed ones
    uint64_t slow_operations = 0;                   // that held their container longer than EngineOptions::lock_warning
    std::map<std::string, int64_t> containers;      // by state
    uint64_t last_event = 0;                        // its sequence number
};

}  // namespace slipway::core
