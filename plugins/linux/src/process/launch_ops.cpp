// plugins/linux/src/process/launch_ops.cpp - the file system part of a launch plan.
#include <process/launch_plan.hpp>
#include <process/mount_options.hpp>
#include <spec/json_access.hpp>
#include <sys/foreign_mount.hpp>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using supervisor::OpKind;
using supervisor::PlanOp;
using supervisor::PlanOption;

// Standard trees: a link in an image must not redirect them (CVE-2026-41579 and its family).
bool is_standard_target(const std::string& target) {
    for (const char* tree : {"/proc", "/sys", "/dev"}) {
        const std::string prefix = tree;
        if (target == prefix || target.starts_with(prefix + "/")) return true;
    }
    return false;
}

// Files that lxcfs and friends replace; everything else below /proc stays the kernel's.
bool may_cover_proc(const std::string& target) {
    static const char* const kAllowed[] = {"/proc/cpuinfo", "/proc/meminfo", "/proc/stat",      "/proc/uptime",
                                           "/proc/loadavg", "/proc/swaps",   "/proc/diskstats", "/proc/net/dev"};
    return std::any_of(std::begin(kAllowed), std::end(kAllowed), [&](const char* path) { return target == path; });
}

class OpBuilder {
public:
    OpBuilder(const LaunchInputs& in, PlanWriter& writer) : in_(in), writer_(writer) {}

    Status add_standard_mounts() {
        for (const json& mount : member_of(in_.spec, "mounts")) {
            const Status added = add_mount(mount);
            if (!added) return added;
        }
        return ok();
    }
    Status add_prepared_mounts();
    std::vector<PlanOp> take() { return std::move(ops_); }

private:
    Status add_mount(const json& mount);
    void add_filesystem(const std::string& type, const std::string& target, const MountOptions& options,
                        uint32_t flags);
    Status add_bind(const std::string& source, const std::string& target, const MountOptions& options);
    Status add_cgroup_view(const std::string& target, const MountOptions& options);
    void add_devices();
    void add_device(const std::string& path, uint32_t mode, uint32_t major, uint32_t minor, uint32_t uid, uint32_t gid);
    void add_link(const std::string& path, const std::string& points_to);
    PlanOp op(OpKind kind, const std::string& target) {
        PlanOp result;
        result.kind = kind;
        result.target = writer_.text(target);
        result.source = writer_.text("");
        if (is_standard_target(target)) result.flags |= supervisor::kOpNoSymlinks;
        return result;
    }

    const LaunchInputs& in_;
    PlanWriter& writer_;
    std::vector<PlanOp> ops_;
};

Status OpBuilder::add_mount(const json& mount) {
    const std::string target = read_text(mount, "destination");
    const std::string type = read_text(mount, "type");
    if (target.empty() || target[0] != '/') {
        return Error(ErrorCode::kInvalidArgument, "mounts: destination '" + target + "' is not absolute");
    }
    const MountOptions options = parse_mount_options(read_texts(mount, "options"));
    if (type == "bind") return add_bind(read_text(mount, "source"), target, options);
    if (type == "cgroup") return add_cgroup_view(target, options);
    uint32_t flags = 0;
    if (type == "proc") flags |= supervisor::kOpIsProc;
    if (type == "devpts") flags |= supervisor::kOpIsDevpts;
    if (type == "mqueue") flags |= supervisor::kOpOptional;
    add_filesystem(type, target, options, flags);
    if (target == "/dev" && type == "tmpfs") add_devices();
    return ok();
}

void OpBuilder::add_filesystem(const std::string& type, const std::string& target, const MountOptions& options,
                               uint32_t flags) {
    std::vector<PlanOption> data;
    for (const auto& [key, value] : options.data) {
        PlanOption option;
        option.key = writer_.text(key);
        option.value = writer_.text(value.value_or(""));
        option.has_value = value ? 1 : 0;
        data.push_back(option);
    }
    PlanOp result = op(OpKind::kFilesystem, target);
    result.source = writer_.text(type);
    result.options = writer_.list(data);
    result.attr_set = options.attr_set;
    result.propagation = options.propagation;
    result.flags |= flags;
    ops_.push_back(result);
}

// "/proc/<pid>/root/<path>" is a place in the mount name space of another container, whose mounts can only be cloned
// from inside it.
Result<UniqueFd> clone_source(const std::string& source, bool recursive) {
    if (const auto place = parse_foreign_path(source)) return clone_tree_of(place->pid, place->path);
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
    UniqueFd tree{open_tree(AT_FDCWD, source.c_str(), flags)};
    if (tree) return tree;
    return Error::from_errno(errno, "open_tree '" + source + "'").with_resource(source);
}

Status OpBuilder::add_bind(const std::string& source, const std::string& target, const MountOptions& options) {
    Result<UniqueFd> cloned = clone_source(source, options.recursive);
    if (!cloned) return std::move(cloned).error().context("mount '" + target + "'");
    UniqueFd tree = std::move(*cloned);
    struct stat info {};
    if (fstat(tree.get(), &info) != 0) return Error::from_errno(errno, "stat '" + source + "'").with_resource(source);
    PlanOp result = op(OpKind::kTree, target);
    if (!S_ISDIR(info.st_mode)) result.flags |= supervisor::kOpFileTarget;
    result.fd = writer_.fd(std::move(tree));
    result.attr_set = options.attr_set;
    result.attr_clear = options.attr_clear;
    result.propagation = MS_PRIVATE;
    if (options.propagation != 0) result.propagation = options.propagation;
    result.flags |= supervisor::kOpRecursive;
    ops_.push_back(result);
    return ok();
}

// v2: the whole view is one mount. v1: a tmpfs with one mount for each hierarchy, each rooted at the container's group
// because the cgroup name space was made after the group was entered, or at the group of the container whose name space
// is joined. With the host's name space a new mount would show the whole machine's groups, so the container's own
// directories are bound instead, as runc does it.
Status OpBuilder::add_cgroup_view(const std::string& target, const MountOptions& options) {
    MountOptions attributes = options;
    attributes.data.clear();
    if (in_.cgroup.directory) {
        add_filesystem("cgroup2", target, attributes, 0);
        return ok();
    }
    const bool own_view = (writer_.header.flags & supervisor::kPlanCgroupNamespace) != 0 ||
                          writer_.header.cgroup_namespace != supervisor::kNoFd;
    MountOptions outer = attributes;
    outer.attr_set &= ~uint64_t{MOUNT_ATTR_RDONLY};
    outer.data = {{"mode", "755"}, {"size", "64k"}};
    add_filesystem("tmpfs", target, outer, 0);
    for (const CgroupViewPart& hierarchy : in_.hierarchies) {
        if (!own_view) {
            Status bound = add_bind(hierarchy.group, target + "/" + hierarchy.name, attributes);
            if (!bound) return bound;
            continue;
        }
        MountOptions inner = attributes;
        inner.data = parse_mount_options(hierarchy.options).data;
        add_filesystem("cgroup", target + "/" + hierarchy.name, inner, 0);
    }
    PlanOp seal = op(OpKind::kSetAttributes, target);
    seal.attr_set = attributes.attr_set & uint64_t{MOUNT_ATTR_RDONLY};
    ops_.push_back(seal);
    return ok();
}

void OpBuilder::add_device(const std::string& path, uint32_t mode, uint32_t major, uint32_t minor, uint32_t uid,
                           uint32_t gid) {
    PlanOp result = op(OpKind::kDevice, path);
    result.mode = mode;
    result.major = major;
    result.minor = minor;
    result.uid = uid;
    result.gid = gid;
    if (in_.id_map != nullptr) {
        // An owner the container does not know becomes its root, who may use the device like an owner.
        result.uid = to_host(in_.id_map->uids, uid).value_or(*to_host(in_.id_map->uids, 0));
        result.gid = to_host(in_.id_map->gids, gid).value_or(*to_host(in_.id_map->gids, 0));
    }
    ops_.push_back(result);
}

void OpBuilder::add_link(const std::string& path, const std::string& points_to) {
    PlanOp result = op(OpKind::kLink, path);
    result.source = writer_.text(points_to);
    ops_.push_back(result);
}

void OpBuilder::add_devices() {
    struct Node {
        const char* name;
        uint32_t major, minor;
    };
    static const Node kNodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                                  {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
    for (const Node& node : kNodes) {
        add_device(std::string("/dev/") + node.name, S_IFCHR | 0666, node.major, node.minor, 0, 0);
    }
    add_link("/dev/ptmx", "pts/ptmx");
    add_link("/dev/fd", "/proc/self/fd");
    add_link("/dev/stdin", "/proc/self/fd/0");
    add_link("/dev/stdout", "/proc/self/fd/1");
    add_link("/dev/stderr", "/proc/self/fd/2");
    add_link("/dev/core", "/proc/kcore");
    for (const json& device : member_of(member_of(in_.spec, "linux"), "devices")) {
        const std::string type = read_text(device, "type");
        uint32_t kind = S_IFCHR;
        if (type == "b") kind = S_IFBLK;
        if (type == "p") kind = S_IFIFO;
        const auto mode = static_cast<uint32_t>(find_int(device, "fileMode").value_or(0666));
        add_device(read_text(device, "path"), kind | (mode & 07777), static_cast<uint32_t>(read_int(device, "major")),
                   static_cast<uint32_t>(read_int(device, "minor")), static_cast<uint32_t>(read_int(device, "uid")),
                   static_cast<uint32_t>(read_int(device, "gid")));
    }
}

Status OpBuilder::add_prepared_mounts() {
    std::vector<const PreparedMount*> sorted;
    for (const PreparedMount& mount : in_.mounts) sorted.push_back(&mount);
    // A mount below another's target must come after it.
    const auto depth = [](const PreparedMount* m) { return std::count(m->target.begin(), m->target.end(), '/'); };
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](const PreparedMount* a, const PreparedMount* b) { return depth(a) < depth(b); });
    for (const PreparedMount* mount : sorted) {
        PlanOp result;
        result.kind = OpKind::kTree;
        result.target = writer_.text(mount->target);
        result.source = writer_.text("");
        result.fd = writer_.fd(mount->tree.get());
        if (!mount->is_directory) result.flags |= supervisor::kOpFileTarget;
        if (may_cover_proc(mount->target)) result.flags |= supervisor::kOpOnProc;
        const auto [propagation, recursive] =
            parse_propagation(mount->propagation.empty() ? "rprivate" : mount->propagation);
        result.propagation = propagation;
        if (recursive) result.flags |= supervisor::kOpRecursive;
        ops_.push_back(result);
    }
    return ok();
}

}  // namespace

Result<std::vector<PlanOp>> plan_ops(const LaunchInputs& in, PlanWriter& writer) {
    OpBuilder builder(in, writer);
    Status added = builder.add_standard_mounts();
    if (added) added = builder.add_prepared_mounts();
    if (!added) return std::move(added).error();
    return builder.take();
}

}  // namespace slipway::linux_backend
