#include <spec/quote.hpp>
#include <spec/standard_mounts.hpp>

#include <algorithm>
#include <string_view>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

json mount(const char* target, const char* type, const char* source, json options) {
    return {{"destination", target}, {"type", type}, {"source", source}, {"options", std::move(options)}};
}

bool covers(const std::string& user_target, std::string_view target) {
    if (user_target == target) return true;
    return user_target == "/dev" && target.starts_with("/dev/");
}

// What lxcfs and the like may replace; everything else below /proc can fool those who read it (CVE-2019-16884).
constexpr std::string_view kAllowedInProc[] = {"/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo",
                                               "/proc/stat",    "/proc/swaps",     "/proc/uptime",
                                               "/proc/loadavg", "/proc/slabinfo",  "/proc/net/dev"};

Status check_target(const std::string& target) {
    const bool in_proc = target == "/proc" || target.starts_with("/proc/");
    const bool allowed =
        std::find(std::begin(kAllowedInProc), std::end(kAllowedInProc), target) != std::end(kAllowedInProc);
    if (in_proc && !allowed) {
        return Error(ErrorCode::kInvalidArgument, quote(target) + " cannot be mounted because it is inside /proc")
            .with_resource(target);
    }
    return ok();
}

json shm_mount(const ShmSource& shm) {
    if (!shm.bind_source.empty()) {
        return mount("/dev/shm", "bind", shm.bind_source.c_str(), {"rbind", "rprivate"});
    }
    return mount("/dev/shm", "tmpfs", "shm",
                 {"nosuid", "noexec", "nodev", "mode=1777", "size=" + std::to_string(shm.size_bytes)});
}

}  // namespace

Result<json> standard_mounts(const std::vector<std::string>& user_targets, const ShmSource& shm, bool privileged) {
    for (const std::string& target : user_targets) {
        if (Status checked = check_target(target); !checked) return std::move(checked).error();
    }
    const char* const sys_mode = privileged ? "rw" : "ro";
    std::vector<json> all;
    all.push_back(mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
    all.push_back(mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
    all.push_back(mount("/dev/pts", "devpts", "devpts",
                        {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}));
    all.push_back(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", sys_mode}));
    all.push_back(mount("/sys/fs/cgroup", "cgroup", "cgroup", {sys_mode, "nosuid", "noexec", "nodev"}));
    all.push_back(mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
    if (shm.mounted) all.push_back(shm_mount(shm));

    json kept = json::array();
    for (json& candidate : all) {
        const std::string target = candidate["destination"];
        const bool covered = std::any_of(user_targets.begin(), user_targets.end(),
                                         [&](const std::string& user) { return covers(user, target); });
        if (!covered) kept.push_back(std::move(candidate));
    }
    return kept;
}

std::vector<std::string> default_masked_paths(const KernelFacts& kernel) {
    std::vector<std::string> paths = {"/proc/acpi",
                                      "/proc/asound",
                                      "/proc/interrupts",
                                      "/proc/kcore",
                                      "/proc/keys",
                                      "/proc/latency_stats",
                                      "/proc/sched_debug",
                                      "/proc/scsi",
                                      "/proc/timer_list",
                                      "/proc/timer_stats",
                                      "/sys/devices/virtual/powercap",
                                      "/sys/firmware"};
    paths.insert(paths.end(), kernel.thermal_throttle.begin(), kernel.thermal_throttle.end());
    return paths;
}

std::vector<std::string> default_readonly_paths() {
    return {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
}

}  // namespace slipway::linux_backend
