// slipway_supervisor/plan.hpp - the launch plan: everything the supervisor needs to make one container, as plain data.
//
// The plugin writes it (src/process/plan_writer.hpp), a sealed memory file carries it, the supervisor maps it and reads
// it in place. Layout, native byte order, both sides are always built together:
//
//   PlanHeader                      at offset 0
//   records, texts, in any order    8-byte aligned records, each text followed by a NUL
//
// A TextRef is {offset, size} of a text from the start of the plan, a ListRef {offset, count} of an array of records.
// Lengths are 32 bits and checked against the whole (CVE-2021-43784 came from a 16-bit one). Descriptors are named by
// their index in the list that travels with the plan. validate() checks every reference once, so that later code may
// follow them freely. No C++ runtime is needed to include this.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <initializer_list>

namespace slipway::supervisor {

constexpr uint32_t kPlanMagic = 0x31504c53;  // "SLP1"
constexpr uint32_t kPlanVersion = 1;
constexpr uint32_t kPlanMaxBytes = 8u << 20;  // arguments and environment are bounded by the kernel's 2 MiB for execve
constexpr uint32_t kPlanMaxFds = 1024;
constexpr uint32_t kLogAttributesBytes = 64u << 10;
constexpr uint32_t kNoFd = 0xffffffff;
constexpr uint32_t kNoId = 0xffffffff;

struct TextRef {
    uint32_t offset = 0;
    uint32_t size = 0;
};

struct ListRef {
    uint32_t offset = 0;
    uint32_t count = 0;
};

// PlanHeader::flags
constexpr uint32_t kPlanTty = 1u << 0;
constexpr uint32_t kPlanOpenStdin = 1u << 1;
constexpr uint32_t kPlanStdinOnce = 1u << 2;
constexpr uint32_t kPlanReadOnlyRoot = 1u << 3;
constexpr uint32_t kPlanNoNewPrivileges = 1u << 4;
constexpr uint32_t kPlanCgroupNamespace = 1u
                                          << 5;  // made after the groups are entered, or the view would start too high
constexpr uint32_t kPlanSetOomScore = 1u << 6;
constexpr uint32_t kPlanLoopbackUp = 1u << 7;  // the network name space is new and nobody else configures it
constexpr uint32_t kPlanPivotRoot = 1u << 8;   // force pivot_root, the way for kernels that refuse to cover "/"

// An exec: the process joins a container that runs instead of making one. Only what concerns the process itself, its
// streams and `join_*` is looked at; root, listener and state directory may be missing.
constexpr uint32_t kPlanJoin = 1u << 9;
constexpr uint32_t kPlanEndsWithDaemon = 1u << 10;  // kill the process once the last control connection is closed

// The first process stays as a reaper, executed from `init_program`, and the command runs as its child (init.cpp).
constexpr uint32_t kPlanInit = 1u << 11;

// One step of building the file system view; executed in order.
enum class OpKind : uint32_t {
    kFilesystem = 1,     // make a new file system of type `source` with `options`, attach it at `target`
    kTree = 2,           // attach the detached mount `fd` at `target`
    kSetAttributes = 3,  // change the attributes of the mount at `target`
    kDevice = 4,         // make a device node; in a user name space: `uid` and `gid` are the host's
    kLink = 5,           // make a symbolic link at `target` to `source`
};

// PlanOp::flags
constexpr uint32_t kOpFileTarget = 1u << 0;  // the mount point is a file, not a directory
constexpr uint32_t kOpNoSymlinks = 1u << 1;  // no part of the target may be a symbolic link
constexpr uint32_t kOpIsProc = 1u << 2;      // a procfs whose descriptor serves later writes
constexpr uint32_t kOpIsDevpts = 1u << 3;    // the devpts that terminals come from
constexpr uint32_t kOpOnProc = 1u << 4;      // may be attached inside procfs (lxcfs style files)
constexpr uint32_t kOpOptional = 1u << 5;    // skip when the kernel does not have the file system type
constexpr uint32_t kOpRecursive = 1u << 6;   // attributes and propagation reach the mounts below

struct PlanOption {
    TextRef key;
    TextRef value;
    uint32_t has_value = 0;
    uint32_t reserved = 0;
};

struct PlanOp {
    OpKind kind = OpKind::kFilesystem;
    uint32_t flags = 0;
    uint32_t fd = kNoFd;
    uint32_t mode = 0;  // of a device node: type and permissions
    TextRef target;
    TextRef source;
    ListRef options;  // PlanOption
    uint64_t attr_set = 0;
    uint64_t attr_clear = 0;
    uint64_t propagation = 0;  // MS_PRIVATE, MS_SHARED, MS_SLAVE or 0
    uint32_t major = 0, minor = 0;
    uint32_t uid = 0, gid = 0;
};

struct PlanRlimit {
    uint32_t resource = 0;
    uint32_t reserved = 0;
    uint64_t soft = 0;
    uint64_t hard = 0;
};

struct PlanHeader {
    uint32_t magic = kPlanMagic;
    uint32_t version = kPlanVersion;
    uint32_t total_bytes = 0;
    uint32_t fd_count = 0;
    uint32_t flags = 0;
    uint32_t clone_flags = 0;  // CLONE_NEW* for the first process; mount always

    uint32_t base_namespace = kNoFd;  // mount name space to start from (base_namespace.cpp)
    uint32_t root_tree = kNoFd;       // detached mount, the container's root
    uint32_t network_namespace = kNoFd, pid_namespace = kNoFd, ipc_namespace = kNoFd, uts_namespace = kNoFd;
    uint32_t cgroup_directory = kNoFd;  // v2
    uint32_t state_directory = kNoFd;   // receives the exit record
    uint32_t listener = kNoFd;          // control socket, listening
    uint32_t log_directory = kNoFd;
    uint32_t oom_counter = kNoFd;   // memory.oom_control or memory.events
    uint32_t oom_event = kNoFd;     // v1: event descriptor that fires when the limit is hit
    uint32_t join_process = kNoFd;  // pidfd of the container's first process
    uint32_t join_flags = 0;        // CLONE_NEW* of that process to join
    uint32_t init_program = kNoFd;  // this program
    uint32_t capture = kNoFd;       // receives the first `capture_bytes` of the output, both streams

    uint32_t uid = 0, gid = 0;
    uint32_t umask_bits = 022;
    int32_t oom_score_adj = 0;
    uint32_t tty_rows = 24, tty_columns = 80;
    uint32_t log_max_files = 1;
    uint64_t log_max_bytes = 0;
    uint64_t capture_bytes = 0;
    uint64_t root_propagation = 0;
    uint64_t bounding = 0, permitted = 0, effective = 0;  // capability sets
    uint32_t seccomp_flags = 0;

    // The user name space of a container whose users are others outside; network name space and mounts go with it. The
    // ids are those of the host for the user of the process, kNoId when the map does not have them.
    uint32_t user_namespace = kNoFd;
    uint32_t host_uid = kNoId, host_gid = kNoId;
    uint32_t cgroup_namespace = kNoFd;  // another container's, joined; not with kPlanCgroupNamespace

    TextRef id, hostname, domainname, cwd, search_path, log_name;
    TextRef log_attributes;     // a JSON object for each record, at most kLogAttributesBytes; empty: none
    TextRef apparmor, selinux;  // profile and context to execute under; empty: none
    ListRef arguments;          // TextRef, at least one
    ListRef environment;        // TextRef
    ListRef groups;             // uint32_t, supplementary
    ListRef task_files;         // uint32_t descriptor indexes, v1 `tasks`
    ListRef held;               // uint32_t descriptor indexes kept open until the end
    ListRef ops;                // PlanOp
    ListRef masked;             // TextRef
    ListRef read_only;          // TextRef
    ListRef sysctls;            // PlanOption; key is a path below /proc/sys
    ListRef rlimits;            // PlanRlimit
    ListRef seccomp;            // struct sock_filter, 8 bytes each
};

// A validated plan. Cheap to copy; the bytes belong to someone else and stay put.
class Plan {
public:
    // False when anything in it points outside, is not terminated, or names a descriptor that is not there.
    bool validate(const uint8_t* data, size_t size, uint32_t fd_count);

    const PlanHeader& header() const { return *reinterpret_cast<const PlanHeader*>(static_cast<const void*>(data_)); }
    bool has(uint32_t flag) const { return (header().flags & flag) != 0; }
    const char* text(TextRef ref) const { return reinterpret_cast<const char*>(data_) + ref.offset; }

    template <class Record>
    const Record& at(ListRef list, uint32_t index) const {
        const void* where = data_ + list.offset + size_t{index} * sizeof(Record);
        return *static_cast<const Record*>(where);
    }
    template <class Record>
    const Record* array(ListRef list) const {
        const void* where = data_ + list.offset;
        return static_cast<const Record*>(where);
    }

private:
    bool good(TextRef ref) const;
    template <class Record>
    bool good_list(ListRef list) const;
    bool good_fd(uint32_t fd) const { return fd == kNoFd || fd < fd_count_; }
    bool good_texts(ListRef list) const;
    bool good_fds(ListRef list) const;
    bool good_options(ListRef list) const;
    bool good_ops(ListRef list) const;

    const uint8_t* data_ = nullptr;
    size_t size_ = 0;
    uint32_t fd_count_ = 0;
};

inline bool Plan::good(TextRef ref) const {
    const uint64_t end = uint64_t{ref.offset} + ref.size;
    if (end >= size_) return false;  // room for the terminator too
    return data_[end] == 0 && memchr(data_ + ref.offset, 0, ref.size) == nullptr;
}

template <class Record>
inline bool Plan::good_list(ListRef list) const {
    const uint64_t bytes = uint64_t{list.count} * sizeof(Record);
    return list.offset % alignof(Record) == 0 && uint64_t{list.offset} + bytes <= size_;
}

inline bool Plan::good_texts(ListRef list) const {
    if (!good_list<TextRef>(list)) return false;
    for (uint32_t i = 0; i < list.count; ++i) {
        if (!good(at<TextRef>(list, i))) return false;
    }
    return true;
}

inline bool Plan::good_fds(ListRef list) const {
    if (!good_list<uint32_t>(list)) return false;
    for (uint32_t i = 0; i < list.count; ++i) {
        if (at<uint32_t>(list, i) >= fd_count_) return false;
    }
    return true;
}

inline bool Plan::good_options(ListRef list) const {
    if (!good_list<PlanOption>(list)) return false;
    for (uint32_t i = 0; i < list.count; ++i) {
        const auto& option = at<PlanOption>(list, i);
        if (!good(option.key) || !good(option.value)) return false;
    }
    return true;
}

inline bool Plan::good_ops(ListRef list) const {
    if (!good_list<PlanOp>(list)) return false;
    for (uint32_t i = 0; i < list.count; ++i) {
        const auto& op = at<PlanOp>(list, i);
        if (!good(op.target) || !good(op.source) || !good_options(op.options) || !good_fd(op.fd)) return false;
        if (op.kind == OpKind::kTree && op.fd == kNoFd) return false;
    }
    return true;
}

inline bool Plan::validate(const uint8_t* data, size_t size, uint32_t fd_count) {
    data_ = data;
    size_ = size;
    fd_count_ = fd_count;
    if (size < sizeof(PlanHeader) || size > kPlanMaxBytes || fd_count > kPlanMaxFds) return false;
    const PlanHeader& h = header();
    if (h.magic != kPlanMagic || h.version != kPlanVersion || h.total_bytes != size || h.fd_count != fd_count) {
        return false;
    }
    for (const TextRef ref :
         {h.id, h.hostname, h.domainname, h.cwd, h.search_path, h.log_name, h.log_attributes, h.apparmor, h.selinux}) {
        if (!good(ref)) return false;
    }
    if (h.log_attributes.size > kLogAttributesBytes) return false;
    for (const uint32_t fd :
         {h.network_namespace, h.pid_namespace, h.ipc_namespace, h.uts_namespace, h.cgroup_directory, h.log_directory,
          h.oom_counter, h.oom_event, h.user_namespace, h.cgroup_namespace}) {
        if (!good_fd(fd)) return false;
    }
    if (has(kPlanInit) && h.init_program >= fd_count) return false;
    if (!good_fd(h.init_program) || !good_fd(h.capture) || h.base_namespace >= fd_count) return false;
    if (has(kPlanJoin)) {
        if (h.join_process >= fd_count || !good_fd(h.root_tree) || !good_fd(h.state_directory) ||
            !good_fd(h.listener)) {
            return false;
        }
    } else {
        for (const uint32_t fd : {h.root_tree, h.state_directory, h.listener}) {
            if (fd >= fd_count) return false;
        }
    }
    constexpr size_t kFilterBytes = 8;  // sizeof(struct sock_filter)
    if (uint64_t{h.seccomp.offset} + uint64_t{h.seccomp.count} * kFilterBytes > size || h.seccomp.count > 0xffff) {
        return false;
    }
    return h.arguments.count >= 1 && good_texts(h.arguments) && good_texts(h.environment) && good_texts(h.masked) &&
           good_texts(h.read_only) && good_list<uint32_t>(h.groups) && good_fds(h.task_files) && good_fds(h.held) &&
           good_ops(h.ops) && good_options(h.sysctls) && good_list<PlanRlimit>(h.rlimits);
}

}  // namespace slipway::supervisor
