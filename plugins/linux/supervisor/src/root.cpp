// root.cpp - the covering root: the container's mount name space is a copy of one that holds a single empty tmpfs, and
// its root is attached over "/". There is no old root to pivot away or detach, so no walk over all tasks and no grace
// period, and no mount of the host is ever reachable.
#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "child.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

// For kernels that refuse to attach over "/": the old way, with the base tmpfs as the root to leave.
bool pivot_into(ChildContext& c) {
    if (move_mount(c.root, "", c.base_root, "root", MOVE_MOUNT_F_EMPTY_PATH) != 0) return false;
    if (fchdir(c.root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0) return false;
    // The tmpfs now lies over the new root; masks are cloned from it by descriptor until enter_root() detaches it.
    c.pivoted = true;
    return true;
}

}  // namespace

bool cover_root(ChildContext& c) {
    c.root = c.fd(c.plan.header().root_tree);
    c.base_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (c.base_root < 0) return fail(c.failure, "open", "/");
    if (!c.plan.has(kPlanPivotRoot) && move_mount(c.root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) == 0) return true;
    if (!pivot_into(c)) return fail(c.failure, "attach root");
    return true;
}

bool enter_root(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    mount_attr attributes{};
    attributes.propagation = h.root_propagation;
    if (c.plan.has(kPlanReadOnlyRoot)) attributes.attr_set = MOUNT_ATTR_RDONLY;
    if ((attributes.attr_set != 0 || attributes.propagation != 0) &&
        mount_setattr(c.root, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) != 0) {
        return fail(c.failure, "mount_setattr", "/");
    }
    if (c.pivoted && (fchdir(c.base_root) != 0 || umount2(".", MNT_DETACH) != 0)) {
        return fail(c.failure, "detach base root");
    }
    if (fchdir(c.root) != 0 || chroot(".") != 0) return fail(c.failure, "chroot", "/");
    return true;
}

}  // namespace slipway::supervisor
