// join.cpp - the first steps of an exec: into the name spaces and the root of a container that runs.
//
// Processes of the container see this one from the clone on. It is not dumpable, so they can neither trace it nor
// follow its descriptors (CVE-2016-9962), and before it is among their mounts it has none left that they could want.
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "child.hpp"
#include "sys.hpp"

namespace slipway::supervisor {
namespace {

// Closes everything from 3 up but the sync pair, the pipes and what setns() still needs.
void close_others(const ChildContext& c, int join_process) {
    int kept[] = {c.sync, c.stdio[0], c.stdio[1], c.stdio[2], join_process};
    constexpr size_t kCount = sizeof(kept) / sizeof(kept[0]);
    for (size_t i = 1; i < kCount; ++i) {  // few enough for the simplest sort
        for (size_t j = i; j > 0 && kept[j] < kept[j - 1]; --j) {
            const int swapped = kept[j];
            kept[j] = kept[j - 1];
            kept[j - 1] = swapped;
        }
    }
    int next = STDERR_FILENO + 1;
    for (const int fd : kept) {
        if (fd < next) continue;
        if (fd > next) close_range(static_cast<unsigned>(next), static_cast<unsigned>(fd - 1), 0);
        next = fd + 1;
    }
    close_range(static_cast<unsigned>(next), ~0u, 0);
}

}  // namespace

bool join_container(ChildContext& c) {
    const PlanHeader& h = c.plan.header();
    const int process = c.fd(h.join_process);
    const bool is_mapped = (h.join_flags & CLONE_NEWUSER) != 0;
    if (is_mapped && !use_host_privileges(c)) return false;
    close_others(c, process);
    // All at once or none; the pid name space is the supervisor's doing. Afterwards "/" is the container's root.
    if (setns(process, static_cast<int>(h.join_flags) & ~CLONE_NEWPID) != 0) {
        return fail(c.failure, "join name spaces of the container");
    }
    close(process);
    if (is_mapped && !become_namespace_root(c)) return false;
    c.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (c.root < 0) return fail(c.failure, "open", "/");
    return true;
}

}  // namespace slipway::supervisor
