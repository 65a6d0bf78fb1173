#include <sys/kernel_files.hpp>

#include <linux/magic.h>
#include <sys/vfs.h>

namespace slipway::linux_backend {

namespace {

// These have no name in the headers that user space gets.
constexpr long kMqueueMagic = 0x19800202;
constexpr long kConfigfsMagic = 0x62656570;
constexpr long kFuseControlMagic = 0x65735543;

}  // namespace

bool is_kernel_file_system(int fd) noexcept {
    struct statfs info {};
    if (::fstatfs(fd, &info) != 0) return true;
    switch (static_cast<long>(info.f_type)) {
        case PROC_SUPER_MAGIC:
        case SYSFS_MAGIC:
        case CGROUP_SUPER_MAGIC:
        case CGROUP2_SUPER_MAGIC:
        case DEVPTS_SUPER_MAGIC:
        case DEBUGFS_MAGIC:
        case TRACEFS_MAGIC:
        case SECURITYFS_MAGIC:
        case SELINUX_MAGIC:
        case BPF_FS_MAGIC:
        case PSTOREFS_MAGIC:
        case EFIVARFS_MAGIC:
        case BINFMTFS_MAGIC:
        case RDTGROUP_SUPER_MAGIC:
        case NSFS_MAGIC:
        case kMqueueMagic:
        case kConfigfsMagic:
        case kFuseControlMagic:
            return true;
        default:
            return false;
    }
}

}  // namespace slipway::linux_backend
