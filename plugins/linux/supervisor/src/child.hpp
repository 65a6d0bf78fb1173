// child.hpp - the container's first process, from clone3 to execve.
//
// Every step returns false after it has filled the Failure. Steps run in the order of child.cpp's run_child(), which
// tells the story.
#pragma once

#include <slipway_supervisor/plan.hpp>

#include "failure.hpp"

namespace slipway::supervisor {

struct ChildContext {
    Plan plan;
    const int* fds = nullptr;  // descriptors of the plan, by index
    int sync = -1;             // to the supervisor
    int stdio[3] = {-1, -1,
                    -1};  // the container's ends of its pipes; -1 with a terminal, stdin also without OPEN_STDIN
    Failure failure;

    // Made on the way.
    int base_root = -1;  // the covering root's bottom: `null` and `empty`, sources of masks
    int root = -1;       // the container's root
    int proc = -1;       // private procfs instance, later the container's /proc
    int devpts = -1;
    int terminal_master = -1;
    bool pivoted = false;
    char command[4096] = {};  // what execve gets

    int fd(uint32_t index) const { return index == kNoFd ? -1 : fds[index]; }
};

// paths.cpp: `path` below the container's root. Never leaves it, whatever links the image holds, and never follows the
// magic links of procfs. -1 with errno.
int open_in_root(const ChildContext& c, const char* path, uint64_t flags, uint64_t extra_resolve = 0);
// Makes missing directories (0755, root) on the way, and the last part as directory or empty file; O_PATH descriptor.
// What a link on the way leads to is made as well when it is missing, inside the root.
int make_in_root(const ChildContext& c, const char* path, bool directory, uint64_t extra_resolve = 0);
// Opens the parent of `path`, making it when missing; `*leaf` points at the last part inside `path`.
int open_parent(const ChildContext& c, const char* path, uint64_t extra_resolve, const char** leaf);

bool reset_scheduling(ChildContext& c);             // child.cpp
bool enter_groups(ChildContext& c);                 // namespaces.cpp
bool enter_groups_and_namespaces(ChildContext& c);  // namespaces.cpp
bool join_container(ChildContext& c);               // join.cpp
bool write_process_settings(ChildContext& c);       // namespaces.cpp: hostname, sysctls, oom score
bool write_oom_score(ChildContext& c);              // namespaces.cpp
bool cover_root(ChildContext& c);                   // root.cpp
bool enter_root(ChildContext& c);                   // root.cpp: read-only, propagation, chroot
bool run_ops(ChildContext& c);                      // mounts.cpp
bool raise_limits(ChildContext& c);                 // identity.cpp: hard limits, for later when it is not ours to do
bool use_host_privileges(ChildContext& c);          // user_namespace.cpp: what has to be done before it is entered
bool become_namespace_root(ChildContext& c);        // user_namespace.cpp: after it was entered
bool protect_paths(ChildContext& c);                // protect.cpp: masked and read-only paths
bool open_stdio(ChildContext& c);                   // stdio.cpp
bool make_working_directory(ChildContext& c);       // stdio.cpp
bool become_user(ChildContext& c);                  // identity.cpp
bool set_security_context(ChildContext& c);         // namespaces.cpp: what AppArmor and SELinux apply at execve
bool resolve_command(ChildContext& c);              // command.cpp
void execute_command(ChildContext& c);              // command.cpp; returns only after it failed
// A C array of texts with a null at its end, in memory of its own. Null when there is none left (command.cpp).
char** make_array(const Plan& plan, ListRef list);
bool become_init(ChildContext& c);  // init.cpp; returns in the process that is to execute the command

// Runs all of it; never returns.
[[noreturn]] void run_child(ChildContext& c);  // child.cpp

}  // namespace slipway::supervisor
