#include "base_namespace.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace slipway::supervisor {
namespace {

bool fill(const char* where) {
    return chdir(where) == 0 && mkdir("empty", 0755) == 0 && mkdir("root", 0755) == 0 && mkdir("dev", 0755) == 0 &&
           mkdir("proc", 0755) == 0 && mkdir("sys", 0755) == 0 && mknod("null", S_IFCHR | 0666, makedev(1, 3)) == 0;
}

// A daemon in a chroot has a "/" that is no mount, whose propagation cannot be set and which cannot be pivoted away.
// Joining a mount name space, even one's own, puts the root back to the name space's.
bool leave_chroot() {
    const int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (own < 0) return false;
    const bool left = setns(own, CLONE_NEWNS) == 0;
    close(own);
    return left;
}

bool make_base() {
    umask(0);
    // Private first: nothing that happens here may reach the host's mount table. The tmpfs goes over a directory that
    // every system has; afterwards the whole copy of the host's table is dropped. pivot_root's walk over all tasks is
    // paid once in the life of a daemon.
    return unshare(CLONE_NEWNS) == 0 && leave_chroot() &&
           mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           mount("slipway-base", "/proc", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k") == 0 && fill("/proc") &&
           syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 &&
           mount(nullptr, "/", nullptr, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC, nullptr) == 0;
}

}  // namespace

int run_base_namespace(int sock) {
    errno = 0;
    const unsigned char answer = make_base() ? 0 : static_cast<unsigned char>(errno == 0 ? EIO : errno);
    if (send(sock, &answer, 1, MSG_NOSIGNAL) != 1) return 1;
    unsigned char unused = 0;
    (void)recv(sock, &unused, 1, 0);
    return answer == 0 ? 0 : 1;
}

}  // namespace slipway::supervisor
