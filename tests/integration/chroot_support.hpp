// tests/integration/chroot_support.hpp - mount name spaces in and for roots that are no mount point.
#pragma once

#include <sys/unique_fd.hpp>
#include <tree/tree.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace slipway::linux_backend::testing {

// After unshare(CLONE_NEWNS): nothing mounted from here on appears elsewhere. In a chroot "/" is no mount whose
// propagation could be set, so the root of the name space is entered for it, and left again.
inline bool make_mounts_private() {
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return true;
    const UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const UniqueFd own(open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
    return root && own && setns(own.get(), CLONE_NEWNS) == 0 &&
           mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 && fchdir(root.get()) == 0 &&
           chroot(".") == 0;
}

inline bool bind_below(const std::string& source, const std::string& target) {
    return mkdir(target.c_str(), 0755) == 0 &&
           mount(source.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0;
}

// Its root becomes the plain directory `root` with /proc, /dev and the build's programs in it. Ends the process on
// failure.
inline void enter_plain_chroot(const std::string& root) {
    const bool entered = unshare(CLONE_NEWNS) == 0 && make_mounts_private() && bind_below("/proc", root + "/proc") &&
                         bind_below("/dev", root + "/dev") &&
                         bind_below(std::string(tree::kBuild) + "/bin", root + "/bin") && chroot(root.c_str()) == 0 &&
                         chdir("/") == 0;
    if (!entered) {
        std::perror("chroot");
        ::_exit(10);
    }
}

}  // namespace slipway::linux_backend::testing
