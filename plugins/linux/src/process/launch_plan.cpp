#include <process/launch_plan.hpp>

#include <process/mount_options.hpp>
#include <spec/json_access.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using supervisor::ListRef;
using supervisor::PlanHeader;
using supervisor::PlanOption;
using supervisor::PlanRlimit;

std::optional<uint32_t> rlimit_number(const std::string& name) {
    static const std::map<std::string, int> kNumbers = {{"RLIMIT_AS", RLIMIT_AS},
                                                        {"RLIMIT_CORE", RLIMIT_CORE},
                                                        {"RLIMIT_CPU", RLIMIT_CPU},
                                                        {"RLIMIT_DATA", RLIMIT_DATA},
                                                        {"RLIMIT_FSIZE", RLIMIT_FSIZE},
                                                        {"RLIMIT_LOCKS", RLIMIT_LOCKS},
                                                        {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
                                                        {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
                                                        {"RLIMIT_NICE", RLIMIT_NICE},
                                                        {"RLIMIT_NOFILE", RLIMIT_NOFILE},
                                                        {"RLIMIT_NPROC", RLIMIT_NPROC},
                                                        {"RLIMIT_RSS", RLIMIT_RSS},
                                                        {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
                                                        {"RLIMIT_RTTIME", RLIMIT_RTTIME},
                                                        {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
                                                        {"RLIMIT_STACK", RLIMIT_STACK}};
    const auto found = kNumbers.find(name);
    if (found == kNumbers.end()) return std::nullopt;
    return static_cast<uint32_t>(found->second);
}

uint64_t read_limit(const json& limit, const char* key) {
    const json& value = member_of(limit, key);
    // -1 and numbers beyond 63 bits both mean "no limit", which is the largest number here.
    if (value.is_number_unsigned()) return value.get<uint64_t>();
    return value.is_number_integer() ? static_cast<uint64_t>(value.get<int64_t>()) : 0;
}

Status write_rlimits(const json& process, PlanWriter& writer) {
    std::vector<PlanRlimit> limits;
    for (const json& limit : member_of(process, "rlimits")) {
        const std::string name = read_text(limit, "type");
        const std::optional<uint32_t> number = rlimit_number(name);
        if (!number) return Error(ErrorCode::kInvalidArgument, "process.rlimits: unknown limit '" + name + "'");
        limits.push_back({*number, 0, read_limit(limit, "soft"), read_limit(limit, "hard")});
    }
    writer.header.rlimits = writer.list(limits);
    return ok();
}

void write_user(const json& process, PlanHeader& header, PlanWriter& writer) {
    const json& user = member_of(process, "user");
    header.uid = static_cast<uint32_t>(read_int(user, "uid"));
    header.gid = static_cast<uint32_t>(read_int(user, "gid"));
    header.umask_bits = static_cast<uint32_t>(find_int(user, "umask").value_or(022)) & 0777;
    std::vector<uint32_t> groups;
    for (const json& group : member_of(user, "additionalGids")) {
        if (group.is_number_integer()) groups.push_back(static_cast<uint32_t>(group.get<int64_t>()));
    }
    header.groups = writer.list(groups);
    const json& capabilities = member_of(process, "capabilities");
    header.bounding = capability_mask(read_texts(capabilities, "bounding"));
    header.permitted = capability_mask(read_texts(capabilities, "permitted"));
    header.effective = capability_mask(read_texts(capabilities, "effective"));
}

// The PATH that the command is looked for in: the container's own.
std::string search_path(const std::vector<std::string>& environment) {
    std::string path;
    for (const std::string& variable : environment) {
        if (variable.starts_with("PATH=")) path = variable.substr(5);
    }
    return path;
}

Result<uint32_t> open_namespace(const std::string& path, PlanWriter& writer) {
    UniqueFd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) return Error::from_errno(errno, "open name space '" + path + "'").with_resource(path);
    return writer.fd(std::move(fd));
}

// A container whose owner shares the host's shares that too, and then must not see the machine's groups through mounts
// of its own (launch_ops.cpp): it is as if it had asked for the host's itself.
Status write_cgroup_namespace(const std::string& path, PlanWriter& writer) {
    if (path.empty()) {
        writer.header.flags |= supervisor::kPlanCgroupNamespace;
        return ok();
    }
    struct stat joined {
    }, own{};
    if (stat(path.c_str(), &joined) != 0 || stat("/proc/self/ns/cgroup", &own) != 0) {
        return Error::from_errno(errno, "stat name space '" + path + "'").with_resource(path);
    }
    if (joined.st_dev == own.st_dev && joined.st_ino == own.st_ino) return ok();
    const Result<uint32_t> fd = open_namespace(path, writer);
    if (!fd) return fd.error();
    writer.header.cgroup_namespace = *fd;
    return ok();
}

// Network: the sandbox's word counts. Without one the container gets a new one, with loopback up, if the document says
// "network" at all.
void write_network(const LaunchInputs& in, bool wanted, PlanWriter& writer) {
    PlanHeader& header = writer.header;
    if (in.sandbox != nullptr) {
        if (in.sandbox->mode != Sandbox::Mode::kHost) header.network_namespace = writer.fd(in.sandbox->netns.get());
        std::vector<uint32_t> held;
        for (const UniqueFd& port : in.sandbox->held_ports) held.push_back(writer.fd(port.get()));
        header.held = writer.list(held);
    } else if (wanted) {
        header.clone_flags |= CLONE_NEWNET;
        header.flags |= supervisor::kPlanLoopbackUp;
    }
}

Status write_namespaces(const LaunchInputs& in, PlanWriter& writer) {
    PlanHeader& header = writer.header;
    bool mount = false, network = false;
    for (const json& entry : member_of(member_of(in.spec, "linux"), "namespaces")) {
        const std::string type = read_text(entry, "type"), path = read_text(entry, "path");
        uint32_t PlanHeader::*joined = nullptr;
        uint32_t flag = 0;
        if (type == "user") {
            header.user_namespace = writer.fd(in.user_namespace);
            header.flags |= supervisor::kPlanPivotRoot;
            write_host_user(*in.id_map, writer);
            continue;
        }
        if (type == "mount") {
            mount = true;
            continue;
        }
        if (type == "network") {
            network = true;
            continue;
        }
        if (type == "cgroup") {
            Status written = write_cgroup_namespace(path, writer);
            if (!written) return written;
            continue;
        }
        if (type == "pid") joined = &PlanHeader::pid_namespace, flag = CLONE_NEWPID;
        if (type == "ipc") joined = &PlanHeader::ipc_namespace, flag = CLONE_NEWIPC;
        if (type == "uts") joined = &PlanHeader::uts_namespace, flag = CLONE_NEWUTS;
        if (joined == nullptr) return Error(ErrorCode::kUnimplemented, "name space '" + type + "' is not supported");
        if (path.empty()) {
            header.clone_flags |= flag;
            continue;
        }
        const Result<uint32_t> fd = open_namespace(path, writer);
        if (!fd) return fd.error();
        header.*joined = *fd;
    }
    if (!mount) return Error(ErrorCode::kInvalidArgument, "linux.namespaces: 'mount' is missing");
    write_network(in, network, writer);
    // Only a name space of our own may be renamed: never the host's.
    if ((header.clone_flags & CLONE_NEWUTS) != 0) {
        header.hostname = writer.text(read_text(in.spec, "hostname"));
        header.domainname = writer.text(read_text(in.spec, "domainname"));
    }
    return ok();
}

void write_filesystem(const LaunchInputs& in, PlanWriter& writer) {
    PlanHeader& header = writer.header;
    const json& linux_part = member_of(in.spec, "linux");
    header.root_tree = writer.fd(in.root.tree.get());
    if (in.root.read_only || read_flag(member_of(in.spec, "root"), "readonly")) {
        header.flags |= supervisor::kPlanReadOnlyRoot;
    }
    header.root_propagation = parse_propagation(read_text(linux_part, "rootfsPropagation")).first;
    header.masked = writer.texts(read_texts(linux_part, "maskedPaths"));
    header.read_only = writer.texts(read_texts(linux_part, "readonlyPaths"));
    std::vector<PlanOption> sysctls;
    for (const auto& [name, value] : member_of(linux_part, "sysctl").items()) {
        std::string path = name;
        for (char& c : path) c = c == '.' ? '/' : c == '/' ? '.' : c;  // as sysctl(8): eth0/100 is the device eth0.100
        PlanOption option;
        option.key = writer.text(path);
        option.value = writer.text(value.is_string() ? value.get<std::string>() : value.dump());
        option.has_value = 1;
        sysctls.push_back(option);
    }
    header.sysctls = writer.list(sysctls);
}

void write_cgroup(const LaunchInputs& in, PlanWriter& writer) {
    std::vector<uint32_t> tasks;
    for (const UniqueFd& file : in.cgroup.task_files) tasks.push_back(writer.fd(file.get()));
    writer.header.task_files = writer.list(tasks);
    if (in.cgroup.directory) writer.header.cgroup_directory = writer.fd(in.cgroup.directory->get());
    writer.header.oom_counter = writer.fd(in.oom_counter);
    writer.header.oom_event = writer.fd(in.oom_event);
}

void write_supervision(const LaunchInputs& in, PlanWriter& writer) {
    PlanHeader& header = writer.header;
    header.flags |= in.plan_flags;
    header.id = writer.text(in.id);
    header.tty_rows = in.tty_rows;
    header.tty_columns = in.tty_columns;
    header.base_namespace = writer.fd(in.base_namespace);
    header.state_directory = writer.fd(in.state_directory);
    header.listener = writer.fd(in.listener);
    header.log_directory = writer.fd(in.log_directory);
    header.log_name = writer.text(in.log_name);
    header.log_attributes = writer.text(in.log_attributes);
    header.log_max_bytes = in.log_max_bytes;
    header.log_max_files = in.log_max_files;
    if (in.seccomp) write_seccomp(*in.seccomp, writer);
    if (in.init_program >= 0) {
        header.flags |= supervisor::kPlanInit;
        header.init_program = writer.fd(in.init_program);
    }
}

}  // namespace

void write_seccomp(const SeccompFilter& filter, PlanWriter& writer) {
    writer.header.seccomp = writer.list(filter.program);
    writer.header.seccomp_flags = filter.flags;
}

Status write_process(const json& spec, PlanWriter& writer) {
    PlanHeader& header = writer.header;
    const json& process = member_of(spec, "process");
    const std::vector<std::string> arguments = read_texts(process, "args");
    if (arguments.empty()) return Error(ErrorCode::kInvalidArgument, "no command specified");
    const std::vector<std::string> environment = read_texts(process, "env");
    header.arguments = writer.texts(arguments);
    header.environment = writer.texts(environment);
    header.search_path = writer.text(search_path(environment));
    const std::string cwd = read_text(process, "cwd");
    header.cwd = writer.text(cwd.empty() ? "/" : cwd);
    header.apparmor = writer.text(read_text(process, "apparmorProfile"));
    header.selinux = writer.text(read_text(process, "selinuxLabel"));
    if (read_flag(process, "noNewPrivileges")) header.flags |= supervisor::kPlanNoNewPrivileges;
    if (const auto score = find_int(process, "oomScoreAdj")) {
        header.flags |= supervisor::kPlanSetOomScore;
        header.oom_score_adj = static_cast<int32_t>(*score);
    }
    write_user(process, header, writer);
    return write_rlimits(process, writer);
}

void write_host_user(const IdMap& map, PlanWriter& writer) {
    writer.header.host_uid = to_host(map.uids, writer.header.uid).value_or(supervisor::kNoId);
    writer.header.host_gid = to_host(map.gids, writer.header.gid).value_or(supervisor::kNoId);
}

uint64_t capability_mask(const std::vector<std::string>& names) {
    // Numbers of <linux/capability.h>, in order.
    static const char* const kNames[] = {"CHOWN",
                                         "DAC_OVERRIDE",
                                         "DAC_READ_SEARCH",
                                         "FOWNER",
                                         "FSETID",
                                         "KILL",
                                         "SETGID",
                                         "SETUID",
                                         "SETPCAP",
                                         "LINUX_IMMUTABLE",
                                         "NET_BIND_SERVICE",
                                         "NET_BROADCAST",
                                         "NET_ADMIN",
                                         "NET_RAW",
                                         "IPC_LOCK",
                                         "IPC_OWNER",
                                         "SYS_MODULE",
                                         "SYS_RAWIO",
                                         "SYS_CHROOT",
                                         "SYS_PTRACE",
                                         "SYS_PACCT",
                                         "SYS_ADMIN",
                                         "SYS_BOOT",
                                         "SYS_NICE",
                                         "SYS_RESOURCE",
                                         "SYS_TIME",
                                         "SYS_TTY_CONFIG",
                                         "MKNOD",
                                         "LEASE",
                                         "AUDIT_WRITE",
                                         "AUDIT_CONTROL",
                                         "SETFCAP",
                                         "MAC_OVERRIDE",
                                         "MAC_ADMIN",
                                         "SYSLOG",
                                         "WAKE_ALARM",
                                         "BLOCK_SUSPEND",
                                         "AUDIT_READ",
                                         "PERFMON",
                                         "BPF",
                                         "CHECKPOINT_RESTORE"};
    uint64_t mask = 0;
    for (const std::string& name : names) {
        const std::string bare = name.starts_with("CAP_") ? name.substr(4) : name;
        for (size_t number = 0; number < std::size(kNames); ++number) {
            if (bare == kNames[number]) mask |= uint64_t{1} << number;
        }
    }
    return mask;
}

Status write_launch_plan(const LaunchInputs& in, PlanWriter& writer) {
    // Texts that stay empty still have to point at one.
    writer.header.hostname = writer.header.domainname = writer.text("");
    write_supervision(in, writer);
    if ((in.id_map == nullptr) != (in.user_namespace < 0)) {
        return Error(ErrorCode::kInternal, "launch plan: a user name space without its map");
    }
    Status status = write_process(in.spec, writer);
    if (status) status = write_namespaces(in, writer);
    if (!status) return status;
    write_filesystem(in, writer);
    write_cgroup(in, writer);
    const Result<std::vector<supervisor::PlanOp>> ops = plan_ops(in, writer);
    if (!ops) return ops.error();
    writer.header.ops = writer.list(*ops);
    return ok();
}

}  // namespace slipway::linux_backend
