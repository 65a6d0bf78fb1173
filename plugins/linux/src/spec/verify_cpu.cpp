#include <spec/cpu_list.hpp>
#include <spec/json_access.hpp>
#include <spec/verify_checks.hpp>

#include <algorithm>

namespace slipway::linux_backend {

namespace {

Error invalid(std::string text) {
    return Error(ErrorCode::kInvalidArgument, std::move(text));
}

Status check_nano_cpus(Verification& check) {
    const int64_t nano = read_int(check.config, "NanoCpus");
    if (nano > 0 && read_int(check.config, "CpuPeriod") > 0) {
        return invalid("Conflicting options: Nano CPUs and CPU Period cannot both be set");
    }
    if (nano > 0 && read_int(check.config, "CpuQuota") > 0) {
        return invalid("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
    }
    if (nano > 0 && !check.cgroups.cpu_cfs) {
        return invalid(
            "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted");
    }
    // Less than the kernel's smallest quota, 1 ms of 100, would be refused late and without a hint.
    constexpr int64_t kSmallest = 10'000'000;
    const int64_t cpus = check.cgroups.cpu_count;
    if (nano < 0 || (nano > 0 && nano < kSmallest) || nano > cpus * 1'000'000'000) {
        const std::string count = std::to_string(cpus);
        return invalid("range of CPUs is from 0.01 to " + count + ".00, as there are only " + count +
                       " CPUs available");
    }
    return ok();
}

void check_shares(Verification& check) {
    if (read_int(check.config, "CpuShares") <= 0 || check.cgroups.cpu_shares) return;
    check.warn("Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.");
    check.config["CpuShares"] = 0;
}

Status check_cfs(Verification& check) {
    nlohmann::json& config = check.config;
    if ((read_int(config, "CpuPeriod") != 0 || read_int(config, "CpuQuota") != 0) && !check.cgroups.cpu_cfs) {
        check.warn("Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.");
        config["CpuPeriod"] = 0;
        config["CpuQuota"] = 0;
    }
    const int64_t period = read_int(config, "CpuPeriod");
    if (period != 0 && (period < 1000 || period > 1000000)) {
        return invalid("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
    }
    const int64_t quota = read_int(config, "CpuQuota");
    if (quota > 0 && quota < 1000) return invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)");
    return ok();
}

Status check_realtime(Verification& check) {
    const int64_t period = read_int(check.config, "CpuRealtimePeriod");
    const int64_t runtime = read_int(check.config, "CpuRealtimeRuntime");
    if (period == 0 && runtime == 0) return ok();
    if (!check.cgroups.cpu_realtime) return invalid("Your kernel does not support CPU real-time scheduler");
    if (period != 0 && runtime != 0 && runtime > period) {
        return invalid("cpu real-time runtime cannot be higher than cpu real-time period");
    }
    return ok();
}

// They belong to Windows.
void discard_foreign(Verification& check) {
    if (read_int(check.config, "CpuPercent") > 0) {
        check.warn("linux does not support CPU percent. Percent discarded.");
        check.config["CpuPercent"] = 0;
    }
    if (read_int(check.config, "CpuCount") > 0) {
        check.warn("linux does not support CPU count. Count discarded.");
        check.config["CpuCount"] = 0;
    }
}

Status check_list(const std::string& asked, const std::string& available, const char* what, const char* whats) {
    const auto wanted = parse_cpu_list(asked);
    if (!wanted) {
        const std::string value = asked.size() > kLongestCpuList ? "" : asked + " ";  // not a megabyte back
        return invalid("Invalid value " + value + "for cpuset " + what + ": " + wanted.error().message());
    }
    const auto have = parse_cpu_list(available);
    if (!have) return Error(have.error()).context(std::string("available cpuset ") + what);
    if (std::includes(have->begin(), have->end(), wanted->begin(), wanted->end())) return ok();
    return invalid(std::string("Requested ") + whats + " are not available - requested " + asked +
                   ", available: " + available);
}

Status check_cpuset(Verification& check) {
    nlohmann::json& config = check.config;
    const bool asked = !read_text(config, "CpusetCpus").empty() || !read_text(config, "CpusetMems").empty();
    if (!asked) return ok();
    if (!check.cgroups.cpuset) {
        check.warn("Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.");
        config["CpusetCpus"] = "";
        config["CpusetMems"] = "";
        return ok();
    }
    Status cpus = check_list(read_text(config, "CpusetCpus"), check.cgroups.cpus, "cpus", "CPUs");
    if (!cpus) return cpus;
    return check_list(read_text(config, "CpusetMems"), check.cgroups.mems, "mems", "memory nodes");
}

}  // namespace

Status check_cpu(Verification& check) {
    if (Status checked = check_nano_cpus(check); !checked) return checked;
    check_shares(check);
    if (Status checked = check_cfs(check); !checked) return checked;
    if (Status checked = check_realtime(check); !checked) return checked;
    discard_foreign(check);
    return check_cpuset(check);
}

}  // namespace slipway::linux_backend
