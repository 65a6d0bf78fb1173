#include <spec/json_access.hpp>
#include <spec/verify_checks.hpp>

namespace slipway::linux_backend {

namespace {

constexpr int64_t kMinimum = 6 << 20;  // below that not even the set-up of a container fits

Error invalid(std::string text) {
    return Error(ErrorCode::kInvalidArgument, std::move(text));
}

Status check_limit_and_swap(Verification& check) {
    nlohmann::json& config = check.config;
    if (const int64_t memory = read_int(config, "Memory"); memory != 0 && memory < kMinimum) {
        return invalid("Minimum memory limit allowed is 6MB");
    }
    if (read_int(config, "Memory") > 0 && !check.cgroups.memory) {
        check.warn(
            "Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation "
            "discarded.");
        config["Memory"] = 0;
        config["MemorySwap"] = -1;
    }
    if (read_int(config, "Memory") > 0 && read_int(config, "MemorySwap") != -1 && !check.cgroups.swap) {
        check.warn(
            "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited "
            "without swap.");
        config["MemorySwap"] = -1;
    }
    const int64_t memory = read_int(config, "Memory");
    const int64_t swap = read_int(config, "MemorySwap");
    if (memory > 0 && swap > 0 && swap < memory) {
        return invalid("Minimum memoryswap limit should be larger than memory limit, see usage");
    }
    if (memory == 0 && swap > 0 && !check.update) {
        return invalid("You should always set the Memory limit when using Memoryswap limit, see usage");
    }
    return ok();
}

Status check_swappiness(Verification& check) {
    const auto swappiness = find_int(check.config, "MemorySwappiness");
    if (!swappiness) return ok();
    if (!check.cgroups.swappiness) {
        check.warn(
            "Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory "
            "swappiness discarded.");
        check.config["MemorySwappiness"] = nullptr;
        return ok();
    }
    if (*swappiness < 0 || *swappiness > 100) {
        return invalid("Invalid value: " + std::to_string(*swappiness) + ", valid memory swappiness range is 0-100");
    }
    return ok();
}

Status check_reservation(Verification& check) {
    nlohmann::json& config = check.config;
    if (read_int(config, "MemoryReservation") > 0 && !check.cgroups.memory_reservation) {
        check.warn(
            "Your kernel does not support memory soft limit capabilities or the cgroup is not mounted. Limitation "
            "discarded.");
        config["MemoryReservation"] = 0;
    }
    const int64_t reservation = read_int(config, "MemoryReservation");
    const int64_t memory = read_int(config, "Memory");
    if (reservation != 0 && reservation < kMinimum) return invalid("Minimum memory reservation allowed is 6MB");
    if (memory > 0 && reservation > 0 && memory < reservation) {
        return invalid("Minimum memory limit can not be less than memory reservation limit, see usage");
    }
    return ok();
}

Status check_kernel_memory(Verification& check) {
    nlohmann::json& config = check.config;
    if (read_int(config, "KernelMemory") > 0 && !check.cgroups.kernel_memory) {
        check.warn(
            "Your kernel does not support kernel memory limit capabilities or the cgroup is not mounted. Limitation "
            "discarded.");
        config["KernelMemory"] = 0;
    }
    if (read_int(config, "KernelMemoryTCP") > 0 && !check.cgroups.kernel_memory_tcp) {
        check.warn(
            "Your kernel does not support kernel memory TCP limit capabilities or the cgroup is not mounted. "
            "Limitation discarded.");
        config["KernelMemoryTCP"] = 0;
    }
    const int64_t kernel_memory = read_int(config, "KernelMemory");
    if (kernel_memory != 0 && kernel_memory < kMinimum) return invalid("Minimum kernel memory limit allowed is 6MB");
    return ok();
}

void check_oom_killer(Verification& check) {
    if (!member_of(check.config, "OomKillDisable").is_boolean()) return;
    const bool disabled = read_flag(check.config, "OomKillDisable");
    if (!check.cgroups.oom_kill_disable) {
        // Whoever wanted it on gets what they wanted.
        if (disabled) check.warn("Your kernel does not support OomKillDisable. OomKillDisable discarded.");
        check.config["OomKillDisable"] = nullptr;
        return;
    }
    if (disabled && read_int(check.config, "Memory") == 0) {
        check.warn(
            "OOM killer is disabled for the container, but no memory limit is set, this can result in the system "
            "running out of resources.");
    }
}

void check_pids(Verification& check) {
    const auto limit = find_int(check.config, "PidsLimit");
    if (!limit || check.cgroups.pids) return;
    if (*limit > 0) {
        check.warn(
            "Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.");
    }
    check.config["PidsLimit"] = nullptr;
}

}  // namespace

Status check_memory(Verification& check) {
    for (const auto rule : {check_limit_and_swap, check_swappiness, check_reservation, check_kernel_memory}) {
        if (Status checked = rule(check); !checked) return checked;
    }
    check_oom_killer(check);
    check_pids(check);
    return ok();
}

namespace {

// A process that sees the host's IPC objects or processes cannot be labelled apart from them, and a privileged one must
// not be.
void disable_label(nlohmann::json& config) {
    const bool host_mode = read_text(config, "IpcMode") == "host" || read_text(config, "PidMode") == "host";
    if (!host_mode && !read_flag(config, "Privileged")) return;
    for (const std::string& option : read_texts(config, "SecurityOpt")) {
        if (option.starts_with("label") || option == "disable") return;
    }
    if (!config["SecurityOpt"].is_array()) config["SecurityOpt"] = nlohmann::json::array();
    config["SecurityOpt"].push_back("label=disable");
}

}  // namespace

void adapt_host_config(Verification& check) {
    nlohmann::json& config = check.config;
    if (find_int(config, "MemorySwappiness") == -1) config["MemorySwappiness"] = nullptr;
    if (check.update) return;  // what is zero there is to be left as it is
    const int64_t memory = read_int(config, "Memory");
    constexpr int64_t kMostDoubled = INT64_MAX / 2;
    if (memory > 0 && read_int(config, "MemorySwap") == 0) {
        config["MemorySwap"] = memory > kMostDoubled ? -1 : 2 * memory;
    }
    if (read_int(config, "ShmSize") == 0) config["ShmSize"] = 67108864;
    if (!member_of(config, "OomKillDisable").is_boolean()) config["OomKillDisable"] = false;
    if (read_text(config, "IpcMode").empty()) config["IpcMode"] = "private";
    if (read_text(config, "CgroupnsMode").empty() && check.kernel.cgroup_namespaces) {
        // Docker shares the host's on v1. A private one keeps names of other groups out of sight and costs nothing, but
        // engines in a privileged container look for their own group under its name on the host.
        const bool v1 = check.cgroups.version == CgroupSupport::Version::kV1;
        config["CgroupnsMode"] = v1 && read_flag(config, "Privileged") ? "host" : "private";
    }
    disable_label(config);
}

}  // namespace slipway::linux_backend
