// namespaces.cpp - control groups, the name spaces joined by descriptor, and what is written to procfs.
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "child.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

bool loopback_up(ChildContext& c) {
    const ScopedFd sock{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    ifreq request{};
    memcpy(request.ifr_name, "lo", sizeof("lo"));
    if (!sock || ioctl(sock.get(), SIOCGIFFLAGS, &request) != 0) return fail(c.failure, "bring up interface", "lo");
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    if (ioctl(sock.get(), SIOCSIFFLAGS, &request) != 0) return fail(c.failure, "bring up interface", "lo");
    return true;
}

// A procfs of our own that the container cannot have shaped; the first /proc of the plan becomes this one's mount.
int private_proc(ChildContext& c) {
    if (c.proc >= 0) return c.proc;
    const ScopedFd context{fsopen("proc", FSOPEN_CLOEXEC)};
    if (context) (void)fsconfig(context.get(), FSCONFIG_SET_STRING, "source", "proc", 0);
    if (!context || fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return -1;
    c.proc = fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    return c.proc;
}

bool write_proc(ChildContext& c, const char* path, const char* value, size_t size) {
    constexpr uint64_t kResolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
    const int proc = private_proc(c);
    if (proc < 0) return false;
    const ScopedFd file{openat2(proc, path, O_WRONLY | O_CLOEXEC, 0, kResolve)};
    return file && write(file.get(), value, size) == static_cast<ssize_t>(size);
}

bool write_sysctls(ChildContext& c) {
    const ListRef list = c.plan.header().sysctls;
    for (uint32_t i = 0; i < list.count; ++i) {
        const auto& sysctl = c.plan.at<PlanOption>(list, i);
        const char* name = c.plan.text(sysctl.key);
        FixedText<256> path;
        path.add("sys/").add(name);
        if (path.full()) errno = ENAMETOOLONG;
        if (path.full() || !write_proc(c, path.get(), c.plan.text(sysctl.value), sysctl.value.size)) {
            return fail(c.failure, "write sysctl", name);
        }
    }
    return true;
}

}  // namespace

// "0" into `tasks` moves the calling thread alone: no global lock and no grace period, where cgroup.procs takes 10 ms
// after a quiet moment.
bool enter_groups(ChildContext& c) {
    const ListRef list = c.plan.header().task_files;
    for (uint32_t i = 0; i < list.count; ++i) {
        if (write(c.fd(c.plan.at<uint32_t>(list, i)), "0", 1) != 1) return fail(c.failure, "enter control group");
    }
    return true;
}

bool enter_groups_and_namespaces(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    if (!enter_groups(c)) return false;
    struct Join {
        uint32_t fd;
        int type;
        const char* name;
    };
    for (const Join& join :
         {Join{h.network_namespace, CLONE_NEWNET, "network"}, Join{h.ipc_namespace, CLONE_NEWIPC, "ipc"},
          Join{h.uts_namespace, CLONE_NEWUTS, "uts"}, Join{h.cgroup_namespace, CLONE_NEWCGROUP, "cgroup"}}) {
        if (join.fd != kNoFd && setns(c.fd(join.fd), join.type) != 0)
            return fail(c.failure, "join name space", join.name);
    }
    if (c.plan.has(kPlanCgroupNamespace) && unshare(CLONE_NEWCGROUP) != 0) {
        return fail(c.failure, "new name space", "cgroup");
    }
    if (c.plan.has(kPlanLoopbackUp)) return loopback_up(c);
    return true;
}

// Written to a procfs of our own: a container that could put something in its place would run unconfined
// (CVE-2019-16884). They act at the next execve, also one of a child.
bool set_security_context(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    if (h.apparmor.size > 0) {
        const char* profile = c.plan.text(h.apparmor);
        FixedText<1024> line;
        line.add("exec ").add(profile);
        if (line.full()) errno = ENAMETOOLONG;
        // Since 5.8 AppArmor has files of its own; before, the only module of the kind had the plain ones.
        if (line.full() || (!write_proc(c, "thread-self/attr/apparmor/exec", line.get(), line.size()) &&
                            (errno != ENOENT || !write_proc(c, "thread-self/attr/exec", line.get(), line.size())))) {
            return fail(c.failure, "apply AppArmor profile", profile);
        }
    }
    if (h.selinux.size > 0) {
        const char* label = c.plan.text(h.selinux);
        if (!write_proc(c, "thread-self/attr/exec", label, h.selinux.size)) {
            return fail(c.failure, "apply SELinux label", label);
        }
    }
    return true;
}

bool write_process_settings(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    if (h.hostname.size > 0 && sethostname(c.plan.text(h.hostname), h.hostname.size) != 0) {
        return fail(c.failure, "sethostname", c.plan.text(h.hostname));
    }
    if (h.domainname.size > 0 && setdomainname(c.plan.text(h.domainname), h.domainname.size) != 0) {
        return fail(c.failure, "setdomainname", c.plan.text(h.domainname));
    }
    if (!write_sysctls(c)) return false;
    // One that enters a user name space has set it before.
    const bool is_mapped = h.user_namespace != kNoFd || (h.join_flags & CLONE_NEWUSER) != 0;
    return is_mapped || write_oom_score(c);
}

bool write_oom_score(ChildContext& c) {
    if (!c.plan.has(kPlanSetOomScore)) return true;
    FixedText<16> value;
    value.add_number(c.plan.header().oom_score_adj);
    // Lowering it needs CAP_SYS_RESOURCE, which an engine inside a container or a hardened unit may lack; the
    // container is then easier to kill than asked, which endangers nobody.
    if (!write_proc(c, "self/oom_score_adj", value.get(), value.size()) && errno != EACCES && errno != EPERM) {
        return fail(c.failure, "write oom_score_adj", value.get());
    }
    return true;
}

}  // namespace slipway::supervisor
