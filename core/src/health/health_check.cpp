#include "health/health_check.hpp"

#include <array>
#include <cstdio>

namespace slipway::core {

namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

constexpr nanoseconds kDefaultInterval = 30s;
constexpr nanoseconds kDefaultTimeout = 30s;
constexpr nanoseconds kDefaultStartInterval = 5s;
constexpr int64_t kDefaultRetries = 3;
constexpr nanoseconds kShortest = 1ms;

int64_t number_of(const nlohmann::json& health, const char* key) {
    const auto value = health.find(key);
    return value != health.end() && value->is_number_integer() ? value->get<int64_t>() : 0;
}

nanoseconds duration_of(const nlohmann::json& health, const char* key, nanoseconds otherwise) {
    const int64_t given = number_of(health, key);
    return given == 0 ? otherwise : nanoseconds(given);
}

std::vector<std::string> words_of(const nlohmann::json& list) {
    std::vector<std::string> words;
    if (!list.is_array()) return words;
    for (const auto& word : list) {
        if (word.is_string()) words.push_back(word.get<std::string>());
    }
    return words;
}

std::vector<std::string> command_of(const nlohmann::json& config, std::vector<std::string> test) {
    if (test.empty()) return {};
    const std::string kind = test.front();
    test.erase(test.begin());
    if (kind == "CMD") return test;
    if (kind != "CMD-SHELL") return {};
    std::vector<std::string> command;
    if (const auto shell = config.find("Shell"); shell != config.end()) command = words_of(*shell);
    if (command.empty()) command = {"/bin/sh", "-c"};
    command.insert(command.end(), test.begin(), test.end());
    return command;
}

// `text` with whole characters only; an overlong or broken sequence becomes U+FFFD.
std::string repaired(const std::string& text) {
    // The library's own replacement, round trip: dump() of a string is quoted and escaped.
    const std::string quoted = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return nlohmann::json::parse(quoted).get<std::string>();
}

}  // namespace

nanoseconds HealthCheck::wait(HealthStatus status, nanoseconds age) const {
    return age < start_period && status == HealthStatus::kStarting ? start_interval : interval;
}

std::optional<HealthCheck> health_check_of(const nlohmann::json& config) {
    const auto health = config.find("Healthcheck");
    if (health == config.end() || !health->is_object()) return std::nullopt;
    const auto test = health->find("Test");
    HealthCheck check;
    if (test != health->end()) check.command = command_of(config, words_of(*test));
    if (check.command.empty()) return std::nullopt;
    check.interval = duration_of(*health, "Interval", kDefaultInterval);
    check.timeout = duration_of(*health, "Timeout", kDefaultTimeout);
    check.start_period = duration_of(*health, "StartPeriod", 0s);
    check.start_interval = duration_of(*health, "StartInterval", kDefaultStartInterval);
    check.retries = number_of(*health, "Retries");
    if (check.retries == 0) check.retries = kDefaultRetries;
    return check;
}

std::optional<HealthState> initial_health(const nlohmann::json& config) {
    if (!health_check_of(config)) return std::nullopt;
    return HealthState{};
}

Status check_healthcheck(const nlohmann::json& health) {
    if (!health.is_object()) return ok();
    for (const char* key : {"Interval", "Timeout", "StartPeriod", "StartInterval"}) {
        const int64_t given = number_of(health, key);
        if (given == 0 || given >= kShortest.count()) continue;
        return Error(ErrorCode::kInvalidArgument, std::string(key) + " in Healthcheck cannot be less than 1ms")
            .with_resource(std::string("Config.Healthcheck.") + key);
    }
    if (number_of(health, "Retries") < 0) {
        return Error(ErrorCode::kInvalidArgument, "Retries in Healthcheck cannot be negative")
            .with_resource("Config.Healthcheck.Retries");
    }
    return ok();
}

HealthState next_health(HealthState state, HealthResult result, const HealthCheck& check, UnixNanos started_at) {
    const bool passed = result.exit_code == 0;
    // A container that never was healthy may fail as often as it likes in its start period.
    const bool is_excused =
        state.status == HealthStatus::kStarting && result.start - started_at < check.start_period.count();
    if (state.log.size() >= kHealthLogEntries) {
        state.log.erase(state.log.begin(), state.log.end() - (kHealthLogEntries - 1));
    }
    state.log.push_back(std::move(result));
    if (passed) {
        state.failing_streak = 0;
        state.status = HealthStatus::kHealthy;
    } else if (!is_excused) {
        ++state.failing_streak;
        if (state.failing_streak >= check.retries) state.status = HealthStatus::kUnhealthy;
    }
    return state;
}

std::string bounded_output(std::string output) {
    const bool is_cut = output.size() > kHealthOutputBytes;
    if (is_cut) output.resize(kHealthOutputBytes);
    output = repaired(output);
    if (is_cut) output += "...";
    return output;
}

std::string go_duration(nanoseconds duration) {
    const int64_t total = duration.count();
    if (total == 0) return "0s";
    const auto fraction = [](int64_t value, int64_t unit, const char* suffix) {
        std::string text = std::to_string(value / unit);
        if (int64_t rest = value % unit; rest != 0) {
            std::string digits = std::to_string(unit + rest).substr(1);
            while (digits.back() == '0') digits.pop_back();
            text += "." + digits;
        }
        return text + suffix;
    };
    if (total < 1'000) return std::to_string(total) + "ns";
    if (total < 1'000'000) return fraction(total, 1'000, "\u00b5s");
    if (total < 1'000'000'000) return fraction(total, 1'000'000, "ms");
    constexpr int64_t kMinute = int64_t{60} * 1'000'000'000;
    const int64_t minutes = total / kMinute;
    std::string text;
    if (minutes >= 60) text += std::to_string(minutes / 60) + "h";
    if (minutes > 0) text += std::to_string(minutes % 60) + "m";
    return text + fraction(total % kMinute, 1'000'000'000, "s");
}

Result<OnUnhealthy> parse_on_unhealthy(std::string_view text) {
    if (text == "none" || text.empty()) return OnUnhealthy::kNone;
    if (text == "restart") return OnUnhealthy::kRestart;
    if (text == "stop") return OnUnhealthy::kStop;
    if (text == "kill") return OnUnhealthy::kKill;
    return Error(ErrorCode::kInvalidArgument, "invalid label " + std::string(kOnUnhealthyLabel) + "='" +
                                                  std::string(text) + "': it is restart, stop, kill or none")
        .with_resource(std::string("Config.Labels.") + kOnUnhealthyLabel);
}

}  // namespace slipway::core
