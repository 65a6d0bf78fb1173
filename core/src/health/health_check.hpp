// core/src/health/health_check.hpp - what a container's health check says, and what a probe's result makes of its
// health. Pure; the figures and rules are Docker's.
#pragma once

#include <slipway/core/record.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::core {

constexpr size_t kHealthOutputBytes = 4096;  // kept of a probe's output
constexpr size_t kHealthLogEntries = 5;

struct HealthCheck {
    std::vector<std::string> command;
    std::chrono::nanoseconds interval{};
    std::chrono::nanoseconds timeout{};
    std::chrono::nanoseconds start_period{};
    std::chrono::nanoseconds start_interval{};  // between probes while the container starts and in the start period
    int64_t retries = 0;

    // Between the end of one probe and the next. `age`: since the container started.
    std::chrono::nanoseconds wait(HealthStatus status, std::chrono::nanoseconds age) const;
};

// The check of a normalised Config, defaults filled in; nullopt when it has none, or says NONE, or a kind of test that
// is not known.
std::optional<HealthCheck> health_check_of(const nlohmann::json& config);

// What State.Health says of a container that has just been started; nullopt without a check.
std::optional<HealthState> initial_health(const nlohmann::json& config);

// The texts of Docker: "Interval in Healthcheck cannot be less than 1ms", ... kInvalidArgument. `health` may be null.
Status check_healthcheck(const nlohmann::json& health);

// What `result` makes of `state`. `started_at` is when the container was started.
HealthState next_health(HealthState state, HealthResult result, const HealthCheck& check, UnixNanos started_at);

// Cuts at kHealthOutputBytes and says so with "...", as Docker does; what is not UTF-8 is replaced.
std::string bounded_output(std::string output);

// "30s", "1m30s", "1.5ms": a duration as Go prints it, which Docker's texts have.
std::string go_duration(std::chrono::nanoseconds duration);

// What to do about a container that becomes unhealthy: the label io.slipway.on-unhealthy.
enum class OnUnhealthy { kNone, kRestart, kStop, kKill };
constexpr const char* kOnUnhealthyLabel = "io.slipway.on-unhealthy";
// kInvalidArgument names the value when it is none of restart, stop, kill, none.
Result<OnUnhealthy> parse_on_unhealthy(std::string_view text);

}  // namespace slipway::core
