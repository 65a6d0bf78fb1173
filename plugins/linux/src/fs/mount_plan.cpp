#include <fs/mount_plan.hpp>

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace slipway::linux_backend {
namespace {

constexpr uint32_t kKnownFlags = SLW_MOUNT_READ_ONLY | SLW_MOUNT_RECURSIVE_READ_ONLY | SLW_MOUNT_CREATE_SOURCE |
                                 SLW_MOUNT_NO_RECURSIVE | SLW_MOUNT_NO_EXEC | SLW_MOUNT_NO_SUID | SLW_MOUNT_NO_DEV |
                                 SLW_MOUNT_COPY_UP | SLW_MOUNT_NO_SYMLINKS | SLW_MOUNT_MAP_IDS;

constexpr std::array<std::string_view, 8> kAllowedBelowProc{"/proc/cpuinfo",   "/proc/meminfo", "/proc/stat",
                                                            "/proc/uptime",    "/proc/loadavg", "/proc/swaps",
                                                            "/proc/diskstats", "/proc/net/dev"};

constexpr std::array<std::string_view, 6> kPropagations{"private", "rprivate", "shared", "rshared", "slave", "rslave"};

Error refuse(const std::string& message, const std::string& resource) {
    return Error(ErrorCode::kInvalidArgument, message).with_operation("mount").with_resource(resource);
}

Result<std::string> check_propagation(const slw_mount_request& request) {
    const std::string text = request.propagation == nullptr ? "" : request.propagation;
    if (text.empty() || text == "rprivate") return std::string();
    if (std::find(kPropagations.begin(), kPropagations.end(), text) == kPropagations.end()) {
        return refuse("invalid propagation mode '" + text + "'", text);
    }
    return text;
}

Status plan_memory(const slw_mount_request& request, MountPlan& plan) {
    if ((request.flags & (SLW_MOUNT_CREATE_SOURCE | SLW_MOUNT_COPY_UP | SLW_MOUNT_NO_SYMLINKS)) != 0) {
        return refuse("mount '" + plan.target + "': an in-memory mount has no source to create", plan.target);
    }
    if ((request.mode & ~07777U) != 0) return refuse("mount '" + plan.target + "': invalid mode", plan.target);
    plan.limit_bytes = request.limit_bytes;
    plan.mode = request.mode == 0 ? 01777 : request.mode;
    return ok();
}

}  // namespace

Result<std::string> check_target(const std::string& target) {
    if (target.empty() || target.front() != '/') {
        return refuse("invalid mount path: '" + target + "' mount path must be absolute", target);
    }
    std::string normal;
    for (size_t start = 1; start <= target.size();) {
        const size_t end = std::min(target.find('/', start), target.size());
        const std::string part = target.substr(start, end - start);
        if (part == "..") return refuse("invalid mount path: '" + target + "' must not contain '..'", target);
        if (part.size() > 255) return refuse("invalid mount path: a name in it is longer than 255 bytes", target);
        if (!part.empty() && part != ".") normal += "/" + part;
        start = end + 1;
    }
    if (normal.empty()) return refuse("invalid mount path: destination can't be '/'", target);
    if (normal.size() > 4095) return refuse("invalid mount path: it is longer than 4095 bytes", target);
    const bool below_proc = normal == "/proc" || normal.rfind("/proc/", 0) == 0;
    if (below_proc &&
        std::find(kAllowedBelowProc.begin(), kAllowedBelowProc.end(), normal) == kAllowedBelowProc.end()) {
        return refuse("invalid mount path: '" + target + "' is inside /proc", target);
    }
    return normal;
}

Result<MountPlan> plan_mount(const slw_mount_request& request) {
    MountPlan plan;
    Result<std::string> target = check_target(request.target == nullptr ? "" : request.target);
    if (!target) return std::move(target).error();
    plan.target = std::move(*target);
    if ((request.flags & ~kKnownFlags) != 0) return refuse("mount '" + plan.target + "': unknown flag", plan.target);
    plan.read_only = (request.flags & SLW_MOUNT_READ_ONLY) != 0;
    plan.all_read_only = (request.flags & SLW_MOUNT_RECURSIVE_READ_ONLY) != 0;
    if (plan.all_read_only && !plan.read_only) {
        return refuse("mount '" + plan.target + "': recursive read-only needs read-only", plan.target);
    }
    plan.recursive = (request.flags & SLW_MOUNT_NO_RECURSIVE) == 0;
    plan.create_source = (request.flags & SLW_MOUNT_CREATE_SOURCE) != 0;
    plan.copy_up = (request.flags & SLW_MOUNT_COPY_UP) != 0;
    plan.map_ids = (request.flags & SLW_MOUNT_MAP_IDS) != 0;
    plan.no_symlinks = (request.flags & SLW_MOUNT_NO_SYMLINKS) != 0;
    if ((request.flags & SLW_MOUNT_NO_EXEC) != 0) plan.attributes |= MOUNT_ATTR_NOEXEC;
    if ((request.flags & SLW_MOUNT_NO_SUID) != 0) plan.attributes |= MOUNT_ATTR_NOSUID;
    if ((request.flags & SLW_MOUNT_NO_DEV) != 0) plan.attributes |= MOUNT_ATTR_NODEV;
    Result<std::string> propagation = check_propagation(request);
    if (!propagation) return std::move(propagation).error().context("mount '" + plan.target + "'");
    plan.propagation = std::move(*propagation);

    if (request.source == nullptr) {
        if (Status memory = plan_memory(request, plan); !memory) return std::move(memory).error();
        return plan;
    }
    plan.source = request.source;
    if (plan.source.empty() || plan.source.front() != '/') {
        return refuse("invalid mount source: '" + plan.source + "' must be absolute", plan.source);
    }
    return plan;
}

}  // namespace slipway::linux_backend
