#include "restart/restart_policy.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

struct Policy {
    std::string name;
    int64_t retries = 0;
};

Policy policy_of(const ContainerRecord& record) {
    const auto found = record.host_config.find("RestartPolicy");
    if (found == record.host_config.end() || !found->is_object()) return {};
    return {found->value("Name", ""), found->value("MaximumRetryCount", int64_t{0})};
}

bool retries_left(const Policy& policy, const ContainerRecord& record) {
    return record.exit_code != 0 && (policy.retries <= 0 || record.restart_count < policy.retries);
}

}  // namespace

bool restarts_after_exit(const ContainerRecord& record) {
    if (record.desired == DesiredState::kStopped) return false;
    const Policy policy = policy_of(record);
    if (policy.name == "always") return true;
    if (policy.name == "unless-stopped") return !record.manually_stopped;
    return policy.name == "on-failure" && retries_left(policy, record);
}

bool starts_at_boot(const ContainerRecord& record) {
    if (record.state != RunState::kExited || !record.started_before) return false;
    const Policy policy = policy_of(record);
    if (policy.name == "always") return true;
    if (record.manually_stopped) return false;
    return policy.name == "unless-stopped" || (policy.name == "on-failure" && retries_left(policy, record));
}

std::chrono::milliseconds RestartBackoff::next(const RestartTiming& timing, std::chrono::nanoseconds run) {
    const bool begins = last_.count() == 0 || run >= timing.reset_after;
    last_ = std::min(begins ? timing.first : last_ * 2, timing.cap);
    return last_;
}

}  // namespace slipway::core
