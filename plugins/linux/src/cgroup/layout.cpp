#include <cgroup/layout.hpp>

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace slipway::linux_backend {

namespace {

const char* const kKnownControllers[] = {"cpu",        "cpuacct",  "cpuset", "memory",  "devices",
                                         "freezer",    "blkio",    "pids",   "hugetlb", "net_cls",
                                         "perf_event", "net_prio", "rdma",   "misc",    "name=systemd"};

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    std::string part;
    while (std::getline(stream, part, separator)) parts.push_back(part);
    return parts;
}

// mountinfo writes blanks and backslashes as \ooo.
std::string unescape(const std::string& text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

struct MountLine {
    std::string mount_point, type, super_options;
};

// "36 35 98:0 / /mnt rw,noatime shared:1 - ext3 /dev/root rw": optional fields end at the dash.
bool parse_line(const std::string& line, MountLine& out) {
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) return false;
    const auto before = split(line.substr(0, dash), ' ');
    const auto after = split(line.substr(dash + 3), ' ');
    if (before.size() < 6 || after.size() < 3) return false;
    out = {unescape(before[4]), after[0], after[2]};
    return true;
}

void add_hierarchy(CgroupLayout& layout, const MountLine& line) {
    CgroupHierarchy hierarchy{line.mount_point, {}};
    for (const std::string& option : split(line.super_options, ',')) {
        const bool known = std::find(std::begin(kKnownControllers), std::end(kKnownControllers), option) !=
                           std::end(kKnownControllers);
        if (known) hierarchy.controllers.push_back(option);
    }
    // A hierarchy mounted twice is one hierarchy; other named ones are nobody's business.
    if (hierarchy.controllers.empty() || layout.find(hierarchy.controllers.front()) != nullptr) return;
    layout.hierarchies.push_back(std::move(hierarchy));
}

bool has_file(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

int online_cpus() {
    const long count = ::sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? static_cast<int>(count) : 1;
}

bool kernel_is_before(int major, int minor) {
    utsname names{};
    int have_major = 0, have_minor = 0;
    if (::uname(&names) != 0 || std::sscanf(names.release, "%d.%d", &have_major, &have_minor) != 2) return false;
    return have_major < major || (have_major == major && have_minor < minor);
}

// Some files are in every group but the root, so other groups tell.
bool a_group_has(const std::string& mount_point, const char* file) {
    std::error_code unreadable;
    for (const auto& entry : std::filesystem::directory_iterator(mount_point, unreadable)) {
        if (entry.is_directory(unreadable) && has_file(entry.path().string() + "/" + file)) return true;
    }
    return false;
}

void probe_v1(const CgroupLayout& layout, CgroupSupport& support) {
    const auto controller_has = [&](const char* controller, const char* file) {
        const CgroupHierarchy* hierarchy = layout.find(controller);
        return hierarchy != nullptr && has_file(hierarchy->mount_point + "/" + file);
    };
    support.memory = controller_has("memory", "memory.limit_in_bytes");
    support.swap = controller_has("memory", "memory.memsw.limit_in_bytes");
    support.memory_reservation = controller_has("memory", "memory.soft_limit_in_bytes");
    support.swappiness = controller_has("memory", "memory.swappiness");
    support.oom_kill_disable = controller_has("memory", "memory.oom_control");
    support.cpu_shares = controller_has("cpu", "cpu.shares");
    support.cpu_cfs = controller_has("cpu", "cpu.cfs_quota_us");
    support.cpu_realtime = controller_has("cpu", "cpu.rt_runtime_us");
    support.kernel_memory_tcp = controller_has("memory", "memory.kmem.tcp.limit_in_bytes");
    support.cpuset = controller_has("cpuset", "cpuset.cpus");
    support.pids = layout.find("pids") != nullptr;  // its root has no limit file
    support.devices = layout.find("devices") != nullptr;
    // A file without effect since 5.16, which took kernel memory limits away.
    support.kernel_memory = controller_has("memory", "memory.kmem.limit_in_bytes") && kernel_is_before(5, 16);
    // CFQ's up to 4.20 or BFQ's. The root has no bfq.weight, but the statistics that come with it; the weight per
    // device came in 5.4.
    const bool cfq = controller_has("blkio", "blkio.weight");
    const bool bfq = controller_has("blkio", "blkio.bfq.io_service_bytes");
    support.blkio_weight = cfq || bfq;
    support.blkio_weight_device = cfq || (bfq && !kernel_is_before(5, 4));
    support.blkio_throttle = controller_has("blkio", "blkio.throttle.read_bps_device");
    if (const CgroupHierarchy* cpuset = layout.find("cpuset"); cpuset != nullptr) {
        support.cpus = first_line(cpuset->mount_point + "/cpuset.effective_cpus");
        support.mems = first_line(cpuset->mount_point + "/cpuset.effective_mems");
    }
}

void probe_v2(const CgroupLayout& layout, CgroupSupport& support) {
    const auto controllers = split(first_line(layout.unified + "/cgroup.controllers"), ' ');
    const auto has = [&](const char* name) {
        return std::find(controllers.begin(), controllers.end(), name) != controllers.end();
    };
    support.memory = support.memory_reservation = has("memory");
    support.swap = support.memory && has_file("/proc/swaps");  // memory.swap.max exists below the root with CONFIG_SWAP
    support.cpu_shares = support.cpu_cfs = has("cpu");
    support.cpuset = has("cpuset");
    support.pids = has("pids");
    support.devices = true;  // a program, no controller
    support.blkio_throttle = has("io");
    // io.weight comes with the cost controller, whose own file is the root's alone; BFQ has one more of its own.
    support.blkio_weight = support.blkio_weight_device =
        has("io") && (has_file(layout.unified + "/io.cost.qos") || a_group_has(layout.unified, "io.bfq.weight"));
    support.cpus = first_line(layout.unified + "/cpuset.cpus.effective");
    support.mems = first_line(layout.unified + "/cpuset.mems.effective");
}

}  // namespace

bool CgroupHierarchy::has(const std::string& controller) const {
    return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
}

const CgroupHierarchy* CgroupLayout::find(const std::string& controller) const {
    for (const CgroupHierarchy& hierarchy : hierarchies) {
        if (hierarchy.has(controller)) return &hierarchy;
    }
    return nullptr;
}

CgroupLayout parse_cgroup_layout(const std::string& mountinfo) {
    CgroupLayout layout;
    std::istringstream lines(mountinfo);
    std::string line;
    while (std::getline(lines, line)) {
        MountLine parsed;
        if (!parse_line(line, parsed)) continue;
        if (parsed.type == "cgroup") add_hierarchy(layout, parsed);
        if (parsed.type == "cgroup2" && layout.unified.empty()) layout.unified = parsed.mount_point;
    }
    const bool has_v1_controller =
        std::any_of(layout.hierarchies.begin(), layout.hierarchies.end(),
                    [](const CgroupHierarchy& hierarchy) { return !hierarchy.has("name=systemd"); });
    if (!has_v1_controller && !layout.unified.empty()) {
        layout.version = CgroupSupport::Version::kV2;
        layout.hierarchies.clear();
    }
    return layout;
}

CgroupLayout probe_cgroup_layout() {
    std::ifstream file("/proc/self/mountinfo");
    std::ostringstream text;
    text << file.rdbuf();
    return parse_cgroup_layout(text.str());
}

CgroupSupport probe_cgroup_support(const CgroupLayout& layout) {
    CgroupSupport support;
    support.version = layout.version;
    support.cpu_count = online_cpus();
    if (layout.version == CgroupSupport::Version::kV2) {
        probe_v2(layout, support);
    } else {
        probe_v1(layout, support);
    }
    // Without the controller every processor is available.
    if (support.cpus.empty()) support.cpus = first_line("/sys/devices/system/cpu/online");
    if (support.mems.empty()) support.mems = "0";
    return support;
}

}  // namespace slipway::linux_backend
