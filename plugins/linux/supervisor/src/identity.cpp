// identity.cpp - what the process may do: limits, keyring, user, capabilities, system call filter. Nothing is inherited
// from the daemon, and the inheritable and ambient sets stay empty (CVE-2022-24769).
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "child.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

// Raising a hard limit needs CAP_SYS_RESOURCE; without it the wish is cut to what we have ourselves.
bool set_limit(ChildContext& c, const PlanRlimit& wish) {
    rlimit limit{};
    limit.rlim_cur = wish.soft;
    limit.rlim_max = wish.hard;
    const auto resource = static_cast<__rlimit_resource_t>(wish.resource);
    if (setrlimit(resource, &limit) == 0) return true;
    rlimit own{};
    if (errno == EPERM && getrlimit(resource, &own) == 0) {
        if (limit.rlim_max > own.rlim_max) limit.rlim_max = own.rlim_max;
        if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
        if (setrlimit(resource, &limit) == 0) return true;
    }
    FixedText<16> number;
    number.add_number(wish.resource);
    return fail(c.failure, "setrlimit", number.get());
}

bool set_limits(ChildContext& c) {
    const ListRef list = c.plan.header().rlimits;
    for (uint32_t i = 0; i < list.count; ++i) {
        if (!set_limit(c, c.plan.at<PlanRlimit>(list, i))) return false;
    }
    return true;
}

bool join_keyring(ChildContext& c) {
    FixedText<32> name;
    name.add("_slw.").add(c.plan.text(c.plan.header().id), c.plan.header().id.size < 12 ? c.plan.header().id.size : 12);
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.get()) >= 0 || errno == ENOSYS) return true;
    return fail(c.failure, "join session keyring", name.get());
}

bool load_filter(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    if (h.seccomp.count == 0) return true;
    sock_fprog program{};
    program.len = static_cast<unsigned short>(h.seccomp.count);
    program.filter = const_cast<sock_filter*>(c.plan.array<sock_filter>(h.seccomp));
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, h.seccomp_flags, &program) != 0) {
        return fail(c.failure, "load system call filter");
    }
    return true;
}

// Up to 63: the capabilities this kernel does not know answer EINVAL, which ends the walk.
bool drop_bounding(ChildContext& c, uint64_t keep) {
    for (unsigned capability = 0; capability < 64; ++capability) {
        if ((keep >> capability & 1) != 0) continue;
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
            if (errno == EINVAL) break;
            return fail(c.failure, "drop capability");
        }
    }
    return true;
}

bool set_capabilities(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    __user_cap_header_struct header{};
    header.version = _LINUX_CAPABILITY_VERSION_3;
    __user_cap_data_struct now[2] = {};
    // A capability the engine itself lacks cannot be given; the rest of the wish stands, as with limits.
    if (syscall(SYS_capget, &header, now) != 0) return fail(c.failure, "capget");
    __user_cap_data_struct data[2] = {};
    for (unsigned half = 0; half < 2; ++half) {
        data[half].permitted = static_cast<uint32_t>(h.permitted >> (32 * half)) & now[half].permitted;
        data[half].effective = static_cast<uint32_t>(h.effective >> (32 * half)) & data[half].permitted;
    }
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, data) != 0) return fail(c.failure, "capset");
    return true;
}

bool change_user(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail(c.failure, "keep capabilities");
    if (syscall(SYS_setgroups, size_t{h.groups.count}, c.plan.array<gid_t>(h.groups)) != 0) {
        return fail(c.failure, "setgroups");
    }
    // Raw calls: glibc's wrappers would look for threads to change as well.
    if (syscall(SYS_setresgid, h.gid, h.gid, h.gid) != 0) return fail(c.failure, "setgid");
    if (syscall(SYS_setresuid, h.uid, h.uid, h.uid) != 0) return fail(c.failure, "setuid");
    return true;
}

bool enter_working_directory(ChildContext& c) {
    const char* cwd = c.plan.text(c.plan.header().cwd);
    const ScopedFd directory{openat2(AT_FDCWD, cwd, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS)};
    if (!directory || fchdir(directory.get()) != 0)
        return fail(c.failure, FailureKind::kWorkingDirectory, "chdir", cwd);
    return true;
}

}  // namespace

// Only the hard ones, so that nothing done until set_limits() meets a limit that is meant for the command.
bool raise_limits(ChildContext& c) {
    const ListRef list = c.plan.header().rlimits;
    for (uint32_t i = 0; i < list.count; ++i) {
        const auto& wish = c.plan.at<PlanRlimit>(list, i);
        const auto resource = static_cast<__rlimit_resource_t>(wish.resource);
        rlimit limit{};
        if (getrlimit(resource, &limit) != 0) return fail(c.failure, "getrlimit");
        if (wish.hard <= limit.rlim_max) continue;
        limit.rlim_max = wish.hard;
        if (setrlimit(resource, &limit) != 0 && errno != EPERM) return fail(c.failure, "setrlimit");
    }
    return true;
}

bool become_user(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    const bool no_new_privileges = c.plan.has(kPlanNoNewPrivileges);
    if (!join_keyring(c) || !set_limits(c) || !set_security_context(c)) return false;
    umask(static_cast<mode_t>(h.umask_bits));
    if (!enter_working_directory(c)) return false;
    // Without no_new_privs the filter needs CAP_SYS_ADMIN, so it comes before the capabilities go; what follows is on
    // every sensible list. With it, the filter comes last.
    if (!drop_bounding(c, h.bounding)) return false;
    if (!no_new_privileges && !load_filter(c)) return false;
    if (!change_user(c) || !set_capabilities(c)) return false;
    if (no_new_privileges) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail(c.failure, "set no_new_privs");
        return load_filter(c);
    }
    return true;
}

}  // namespace slipway::supervisor
