#include <sys/file_owner.hpp>

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::linux_backend {

// Raw calls: glibc's wrappers change all threads of the process, or hide that fsuid is per thread.
Status make_files_as(uid_t uid, gid_t gid) {
    __user_cap_header_struct header{};
    header.version = _LINUX_CAPABILITY_VERSION_3;
    __user_cap_data_struct data[2] = {};
    if (::syscall(SYS_capget, &header, data) != 0) return Error::from_errno(errno, "capget");
    ::syscall(SYS_setfsgid, gid);
    ::syscall(SYS_setfsuid, uid);
    // Leaving root took those about files away.
    if (::syscall(SYS_capset, &header, data) != 0) return Error::from_errno(errno, "capset");
    // They report the value before, never a failure; asked again with what is no id, they report the present one.
    if (static_cast<uid_t>(::syscall(SYS_setfsuid, -1)) != uid ||
        static_cast<gid_t>(::syscall(SYS_setfsgid, -1)) != gid) {
        return Error::from_errno(EPERM, "setfsuid");
    }
    return ok();
}

}  // namespace slipway::linux_backend
